"""A certificate that was issued, as far as later checks and lists of clients need it.

Not here: the certificate itself (rules/certificate.py), its file (reports/issued_certificates.py).
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate with a verdict: certified, or not.

    Attributes:
        day: the client's day on which it was issued.
        is_certified: its verdict.
        passed: the ids of the requirements that passed.
    """

    day: date
    is_certified: bool
    passed: frozenset[str]
