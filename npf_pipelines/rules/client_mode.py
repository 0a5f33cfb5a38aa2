"""Whether a client is in trial or live, and the writes that follow.

In trial orders are pulled and decided, and imports and pushes are planned: the tables show them, nothing is written to
store or platform. Not here: how it is known that a client was live (runs/client_mode.py).
"""

from npf_pipelines.domain.writes import Writes


def is_in_trial(mode: str | None, *, was_live: bool) -> bool:
    """Whether the client is in trial.

    A client of an earlier release has no `mode` and must not stop: one that was live before stays live.

    Args:
        mode: the master setup's; None where it is left out.
        was_live: whether the client was ever live.
    """
    return mode == "trial" or (mode is None and not was_live)


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


def mode_misfit(mode: str | None, *, was_live: bool) -> str:
    """The finding of the check `setups_fit` about the client's mode; empty where there is none.

    Arguments as for `is_in_trial`.
    """
    if mode is None and was_live:
        return "mode: left out. The client was live before, so it stays live: write mode: live"
    if mode is None:
        return (
            "mode: left out, so the client is in trial: nothing is imported or pushed. Write mode: trial, or run "
            "npf client live if the warehouse ships for it"
        )
    if mode == "trial" and was_live:
        return (
            "mode: trial, although the client was live before: new orders, changes, shipments and statuses are only "
            "planned. Write live if the warehouse ships for it"
        )
    return ""
