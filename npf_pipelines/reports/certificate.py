"""A certificate as a page and as JSON.

Not here: what it says (rules/certificate.py), where it is put (folder.py).
"""

import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from npf_pipelines.reports.pages import render
from npf_pipelines.rules.certificate import Certificate

_PACKAGES = ("npf_pipelines", "dagster")


def certificate_name(certificate: Certificate) -> str:
    """The name of its files: the client's id and the client's day."""
    return f"{certificate.setup.id}-{certificate.ended_at.astimezone(certificate.setup.zone):%Y-%m-%d}"


def certificate_page(certificate: Certificate) -> str:
    """The page, which needs no other file."""
    now, zone = certificate.ended_at, certificate.setup.zone
    return render("certificate.html", certificate=certificate, versions=_versions(certificate), now=now, zone=zone)


def certificate_json(certificate: Certificate) -> Mapping[str, Any]:
    """The same as JSON values."""
    setup = certificate.setup
    return {
        "client": setup.id,
        "name": setup.name,
        "store": setup.store.url,
        "mode": setup.mode,
        "certified": certificate.is_certified,
        "verdict": certificate.verdict,
        "began_at": certificate.began_at,
        "ended_at": certificate.ended_at,
        "versions": _versions(certificate),
        "requirements": [
            {
                "id": requirement.id,
                "requirement": requirement.title,
                "result": requirement.result,
                "evidence": list(requirement.evidence),
            }
            for requirement in certificate.requirements
        ],
        "to_place": list(certificate.to_place),
    }


def _versions(certificate: Certificate) -> Mapping[str, str]:
    installed = {name: importlib.metadata.version(name) for name in _PACKAGES} | {"python": platform.python_version()}
    return {"store's version": certificate.store_version or "not named by the store"} | installed
