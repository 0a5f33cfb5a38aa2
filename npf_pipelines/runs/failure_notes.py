"""The notes beside the reason of a failed partition: what to do, the next try, the setup's file, the report.

Not here: the reason and its kind (failures.py), how it is shown (partition_status.py).
"""

import dagster as dg

from npf_pipelines.config.places import Place
from npf_pipelines.domain.health import Health
from npf_pipelines.rules.retries import next_try_in_words
from npf_pipelines.runs.failures import failure_kind, is_program_fault
from npf_pipelines.state.lease import LeaseTaken
from npf_pipelines.state.pauses import Paused

_FAULT = "Have the program's fault corrected: the run's log has the place in the code."
_BUSY = "Nothing: another run works on this client."
_PAUSED = "Run `npf client resume` when the client may be written to again."
_ASSETS_ALONE = "by hand, or with the next run of all assets of the flow"


def failure_notes(
    failure: Exception, after: Health | None, setup_file: Place | None, report: str
) -> dict[str, dg.MetadataValue]:
    """The metadata of a failed partition.

    Args:
        failure: why the client's part of the run failed.
        after: the health of the client's flow after it; None if the run says nothing about it.
        setup_file: the client's master setup; None if no valid one names the client.
        report: the address of the client's report.
    """
    kind = failure_kind(failure)
    advice = _FAULT if is_program_fault(failure) else kind.what_to_do
    if isinstance(failure, LeaseTaken):
        advice = _BUSY
    elif isinstance(failure, Paused):
        advice = _PAUSED
    tried = next_try_in_words(kind, after.next_try_at) if after else _ASSETS_ALONE
    return {
        "what_to_do": dg.MetadataValue.text(advice),
        "next_try": dg.MetadataValue.text(tried),
        **({"master_setup": dg.MetadataValue.path(str(setup_file))} if setup_file else {}),
        "report": dg.MetadataValue.url(report),
    }
