"""The failure of a client's part of a run: its kind, and the reason that a person reads.

Not here: how failures of clients are kept apart (isolation.py), when a failed client is tried again (rules/retries.py).
"""

from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.cscart.errors import StoreError, Unauthorized
from npf_pipelines.domain.failure_kind import FailureKind
from npf_pipelines.domain.order_statuses import UnknownStatus
from npf_pipelines.errors import NpfError
from npf_pipelines.lake.broken_files import BrokenFile
from npf_pipelines.runs.machine_failures import machine_failure


class ClientFailure(NpfError):
    """A client's part of the run failed.

    Attributes:
        is_partial: the store answers, and only some orders, shipments or products failed.
        has_broken_files: files of the lake can't be read; a person has to repair them.
    """

    def __init__(self, text: str, *, is_partial: bool = False, has_broken_files: bool = False) -> None:
        super().__init__(text)
        self.is_partial = is_partial
        self.has_broken_files = has_broken_files


class ChangeLimitExceeded(ClientFailure):
    """A push was stopped before its first write; the text says how much it would have changed."""


class NoSkuMap(ClientFailure):
    """The client's map of codes is not good, and no earlier one is kept; a person has to correct it at its source."""


def failure_reason(failure: Exception) -> str:
    """The reason in one sentence, for people."""
    if sentence := _expected(failure):
        return sentence
    # The text of any other exception may quote a row with a shopper's data.
    return f"{type(failure).__name__}, a fault of the program: see the log"


def is_program_fault(failure: Exception) -> bool:
    """Whether the failure is a fault of the program, whose traceback belongs in the log."""
    return not _expected(failure)


def failure_kind(failure: Exception) -> FailureKind:
    """The kind of failure, which decides when the client is tried again."""
    match failure:
        case SetupError() | Unauthorized():
            return FailureKind.PERMANENT
        case UnknownStatus() | BrokenFile() | NoSkuMap() | StoreError(transient=False):
            return FailureKind.FIXABLE_IN_STORE
        case ClientFailure(has_broken_files=True):
            return FailureKind.FIXABLE_IN_STORE
        case ChangeLimitExceeded():
            return FailureKind.OVER_LIMIT
        case ClientFailure(is_partial=True):
            return FailureKind.PARTIAL
    return FailureKind.TRANSIENT


def _expected(failure: Exception) -> str:
    return machine_failure(failure) or (str(failure) if isinstance(failure, NpfError) else "")
