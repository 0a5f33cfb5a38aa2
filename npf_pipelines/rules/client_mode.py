"""Whether a client is in trial or live, and the writes that follow.

In trial orders are pulled and decided, and imports and pushes are planned: the tables show them, nothing is written to
store or platform. Not here: the asking of the platform (runs/client_mode.py).
"""

from npf_pipelines.domain.writes import Writes


def is_in_trial(mode: str | None, *, has_real_order: bool) -> bool:
    """Whether the client is in trial.

    A client of an earlier release has no `mode` and must not stop: with a real order on the platform it is live.

    Args:
        mode: the master setup's; None where it is left out.
        has_real_order: whether the platform has an order of the client that isn't a test order.
    """
    return mode == "trial" or (mode is None and not has_real_order)


def allowed_writes(*, dry_run: bool, in_trial: bool, certifies: bool) -> Writes:
    """The writes that one client's part of a run may make.

    Args:
        dry_run: whether the run writes nothing at all.
        in_trial: whether the client is in trial.
        certifies: whether the run certifies the integration of a client in trial.
    """
    if dry_run:
        return Writes.NONE
    if in_trial:
        return Writes.TEST_ORDERS if certifies else Writes.NONE
    return Writes.ALL


def mode_misfit(mode: str | None, *, has_real_order: bool) -> str:
    """The finding of the check `setups_fit` about the client's mode; empty where there is none.

    Arguments as for `is_in_trial`.
    """
    if not has_real_order or mode == "live":
        return ""
    if mode is None:
        return (
            "mode: left out, which means trial for a new client. The platform has orders of this client, so it is live:"
            " write mode: live"
        )
    return (
        "mode: trial, although the platform has orders of this client: their changes, shipments and statuses are only "
        "planned. Write live if the warehouse ships for it"
    )
