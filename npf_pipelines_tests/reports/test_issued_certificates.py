"""The latest certificate with a verdict, among files of other verdicts, stores and clients."""

import json
from datetime import date
from pathlib import Path

import pytest

from npf_pipelines.config.settings import Settings
from npf_pipelines.config.setup_files import load_master_setups
from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.reports.issued_certificates import issued_certificate
from npf_pipelines_tests.loop import write_setup


@pytest.mark.parametrize(
    ("later", "day", "is_certified"),
    [
        ({"certified": True}, 5, True),
        ({"requirements": [{"id": "soh", "result": "fail"}]}, 5, False),
        ({"requirements": [{"id": "soh", "result": "not proven"}]}, 4, True),
        ({"certified": True, "store": "https://other.example"}, 4, True),
        ({"certified": "?"}, 4, True),
    ],
)
def test_the_latest_verdict_on_the_present_store_counts(
    tmp_path: Path, later: dict[str, object], day: int, is_certified: bool
) -> None:
    write_setup(tmp_path, "acme", "https://shop.example")
    setup = load_master_setups(tmp_path)["acme"]
    settings = Settings(reports=tmp_path / "reports")
    assert issued_certificate(settings, setup) is None
    folder = settings.reports / "certificates"
    folder.mkdir(parents=True)
    usual: dict[str, object] = {
        "store": "http://shop.example/acme/",
        "certified": False,
        "requirements": [{"id": "full", "result": "pass"}],
    }
    files: dict[str, dict[str, object]] = {
        "acme-2026-11-04": {"certified": True},
        "acme-2026-11-05": later,
        "acme-2-2026-11-06": {"certified": True},
    }
    for name, changes in files.items():
        (folder / f"{name}.json").write_text(json.dumps(usual | changes), encoding="utf-8")
    passed = frozenset() if "requirements" in later and day == 5 else frozenset({"full"})
    assert issued_certificate(settings, setup) == IssuedCertificate(date(2026, 11, day), is_certified, passed)
