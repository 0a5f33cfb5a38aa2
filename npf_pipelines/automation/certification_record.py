"""The file that keeps a client's evidence between two runs of its certification, and one certification at a time.

The amounts to put back are in it before the first of them changes: whatever ends a run, the next one puts them back.
Not here: the evidence (domain/certification.py), the certificate (reports/certificate.py).
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import filelock
from pydantic import ValidationError

from npf_pipelines.domain.certification import Evidence
from npf_pipelines.errors import NpfError


class CertificationRunning(NpfError):
    """Another process certifies the client."""


class UnreadableRecord(NpfError):
    """The file can't be read; the text says what to do."""


class CertificationRecord:
    """The file of one client, in the data folder; `path` is where."""

    def __init__(self, data: Path, client: str) -> None:
        self._client, self.path = client, data / "certifications" / f"{client}.json"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other certifications of the client away.

        Raises:
            CertificationRunning: there is one at work.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.path.with_suffix(".lock"), timeout=0):
                yield
        except filelock.Timeout:
            raise CertificationRunning(f"{self._client}: another certification is at work: wait for its end") from None

    def read(self) -> Evidence | None:
        """The evidence of earlier runs; None if there is none.

        Raises:
            UnreadableRecord: the file holds something else.
        """
        try:
            return Evidence.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise UnreadableRecord(
                f"{self.path} can't be read: check the amounts of the test items in the store, then delete the file"
            ) from None

    def rename(self, client: str) -> None:
        """Move the evidence to another id of the client, if there is any and the other id has none."""
        renamed = self.path.with_name(f"{client}.json")
        if self.path.exists() and not renamed.exists():
            self.path.replace(renamed)

    def archive(self, now: datetime) -> None:
        """Move the evidence of a client that is removed out of the way: another client may get its id."""
        if self.path.exists():
            archived = self.path.parent / "removed" / f"{self._client}-{now:%Y%m%dT%H%M%SZ}.json"
            archived.parent.mkdir(exist_ok=True)
            self.path.replace(archived)

    def write(self, evidence: Evidence) -> None:
        """Keep the evidence; a reader sees the old file or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(evidence.model_dump_json(indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
