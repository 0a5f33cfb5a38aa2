"""The units of deploy/systemd are what systemd accepts, and a cell's are the others with the cell's settings.

Not here: the commands of the workers' units, which the cluster runs (npf_pipelines_tests/cluster/machines.py).
"""

import re
import subprocess
import sys
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
    cells = {"npf.env": "%i.env", "ExecStart=": "ExecStart=/usr/bin/env NPF_CELL=%i "}
    for before, after in {**cells, **own}.items():
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


@pytest.mark.parametrize(
    ("cell", "file", "also"),
    [
        ({}, "npf.env", ""),
        ({"NPF_CELL": "south"}, "south.env", ""),
        ({"NPF_CELL": "south"}, "south.env", "NPF_CELL=north\n"),
    ],
)
def test_npf_has_the_variables_of_the_units_file_and_no_others(
    tmp_path: Path, cell: dict[str, str], file: str, also: str
) -> None:
    """The script without its change of user, which takes root."""
    script = (UNITS / "npf").read_text(encoding="utf-8")
    for written, here in {
        "/opt/npf_pipelines/.venv/bin": str(tmp_path),
        "/etc/npf": str(tmp_path),
        "runuser --user npf -- ": "",
    }.items():
        assert written in script
        script = script.replace(written, here)
    url = "postgresql+psycopg://npf:a$b&c d@db/npf?options=-csearch_path%3Dsouth"
    (tmp_path / file).write_text(
        f"# The keys\nNPF_STATE_URL='{url}'\nDAGSTER_HOME=/srv/npf/dagster\n{also}", encoding="utf-8"
    )
    (tmp_path / "dotenv").symlink_to(Path(sys.executable).with_name("dotenv"))
    (tmp_path / "npf").write_text('#!/bin/sh\necho "$@"; env\n', encoding="utf-8")
    (tmp_path / "npf").chmod(0o755)
    ran = subprocess.run(  # noqa: S603 - our own words
        ["/bin/sh", "-c", script, "npf", "client", "list", "--csv"],
        env={"PATH": "/usr/bin:/bin", "NPF_LAKE": "of the shell", "DAGSTER_HOME": "of the shell", **cell},
        capture_output=True,
        text=True,
        check=True,
    )
    words, *variables = ran.stdout.splitlines()
    assert words == "client list --csv"
    # A file that names no cell, or another one, is that of the cell all the same.
    expected = {"HOME=/srv/npf", "DAGSTER_HOME=/srv/npf/dagster", f"NPF_STATE_URL={url}"}
    expected |= {f"{name}={value}" for name, value in cell.items()}
    assert {line for line in variables if not line.startswith(("PATH=", "TERM=", "LANG=", "PWD=", "_="))} == expected
