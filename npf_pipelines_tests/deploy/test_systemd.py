"""The units of deploy/systemd are what systemd accepts, and a cell's are the others with the cell's settings.

Not here: the commands of the workers' units, which the cluster runs (npf_pipelines_tests/cluster/machines.py).
"""

import re
import subprocess
from pathlib import Path

import pytest

from npf_pipelines_tests.docs.pages import PROJECT
from npf_pipelines_tests.machine import SYSTEMD, demand

UNITS = PROJECT / "deploy" / "systemd"


def lines(unit: str) -> list[str]:
    """The settings of a unit, without comments and its description."""
    text = (UNITS / unit).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith(("#", "Description="))]


@pytest.mark.parametrize(
    ("plain", "of_cell", "own"),
    [
        ("npf-worker.service", "npf-worker@.service", {"--queues dagster": "--queues %i --hostname %i@%%h"}),
        (
            "npf-code.service",
            "npf-code@.service",
            {"--port 4266": "--port ${CODE_PORT}", "--location-name npf_pipelines": "--location-name %i"},
        ),
        ("npf-reports.service", "npf-reports@.service", {"--port 3100": "--port ${REPORTS_PORT}"}),
    ],
)
def test_the_unit_of_a_cell_has_the_cells_settings_and_is_the_other_one_else(
    plain: str, of_cell: str, own: dict[str, str]
) -> None:
    expected = "\n".join(lines(plain))
    for before, after in {"/etc/npf/npf.env": "/etc/npf/%i.env", **own}.items():
        assert before in expected
        expected = expected.replace(before, after)
    assert lines(of_cell) == expected.splitlines()


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    analyze, copies = demand(SYSTEMD), []
    for unit in UNITS.glob("*.service"):
        copies.append(tmp_path / unit.name.replace("@", "@south"))
        # The programs are not where a machine of production has them.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
        copies[-1].write_text(text, encoding="utf-8")
    verified = subprocess.run(  # noqa: S603 - our own words
        [analyze, "verify", *copies],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in verified.stderr.splitlines() if "npf-" in line]
    assert (verified.returncode, said) == (0, [])
