"""The latest certificate of a client that has a verdict, read from the certificates' folder.

Not here: how certificates are written (certificate.py).
"""

import contextlib
from datetime import date

from pydantic import BaseModel

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.config.store_address import comparable_address
from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.domain.requirement import Result
from npf_pipelines.reports.folder import ReportFolder


class _Requirement(BaseModel):
    id: str
    result: Result


class _Certificate(BaseModel):
    """The part of a certificate's JSON that is read again."""

    store: str
    certified: bool
    requirements: tuple[_Requirement, ...]

    @property
    def has_verdict(self) -> bool:
        """Whether it is more than a certification that waits, say for a lodgement."""
        return self.certified or any(requirement.result is Result.FAIL for requirement in self.requirements)


def issued_certificate(settings: Settings, setup: MasterSetup) -> IssuedCertificate | None:
    """The client's latest certificate with a verdict; None if there is none of its present store."""
    folder = ReportFolder(settings.reports, settings.reports_url).certificates
    address = comparable_address(setup.store.url)
    for name in reversed(folder.names(f"{setup.id}-????-??-??", ".json")):
        with contextlib.suppress(OSError, ValueError):  # Not a certificate: it proves nothing.
            found = _Certificate.model_validate_json(folder.read(name, ".json") or "")
            if found.has_verdict and comparable_address(found.store) == address:
                passed = (requirement.id for requirement in found.requirements if requirement.result is Result.PASS)
                day = date.fromisoformat(name.removeprefix(f"{setup.id}-"))
                return IssuedCertificate(day, found.certified, frozenset(passed))
    return None
