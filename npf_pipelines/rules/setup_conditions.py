"""The conditions of the whole installation that a person has to know about: setups, cells, clocks, pauses, no start.

Not here: the conditions of a client (conditions.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.rules.conditions import FIRST_FEW, Condition

UNSTARTED_SINCE = timedelta(minutes=15)
"""How far back runs that failed before they began are counted: sweeps and sensors request some again in that time."""
_UNSTARTED = 3
"""A worker that is lost takes one or two of such runs with it."""


def setup_conditions(errors: Iterable[str]) -> Iterator[Condition]:
    """One condition for each master setup that is wrong."""
    for error in errors:
        file, _, rest = error.partition(": ")
        problem = rest.partition("\n")[0]
        yield Condition(
            AlertKind.SETUP,
            "",
            file,
            f"the master setup {file} is wrong, and its client is left alone: {problem}",
            "Correct the file: it is read again by itself.",
        )


def missing_setup_conditions(
    registered: Iterable[str], valid: Collection[str], errors: Iterable[str]
) -> Iterator[Condition]:
    """A condition for each registered client that has no valid master setup.

    Args:
        registered: the clients that are partitions.
        valid: the clients with a valid setup.
        errors: about the files that are wrong. A wrong file with a client's name has an alert of its own.
    """
    wrong = {error.partition(":")[0].rpartition(".")[0] for error in errors}
    for client in registered:
        if client not in valid and client not in wrong:
            yield Condition(
                AlertKind.SETUP,
                client,
                "",
                "the client has no master setup: nothing runs for it, and its open orders and parcels are not followed",
                f"Put {client}.yaml back. For a client that has left: npf client remove {client}.",
            )


def two_cells_conditions(elsewhere: Mapping[str, str]) -> Iterator[Condition]:
    """A condition for each client that another cell has, too.

    Args:
        elsewhere: a sentence about each of them.
    """
    for client, sentence in elsewhere.items():
        yield Condition(
            AlertKind.SETUP,
            "",
            client,
            sentence,
            "If npf client move was cut off, run it again. Otherwise, in the cell in which the client is a mistake: "
            f"npf client remove {client}.",
        )


def clock_conditions(ahead: Collection[str]) -> Iterator[Condition]:
    """One condition while a flow of any client has recorded a time in the future."""
    if ahead:
        named = sorted(ahead)
        more = f" and {len(named) - FIRST_FEW} more" if len(named) > FIRST_FEW else ""
        yield Condition(
            AlertKind.CLOCK,
            "",
            "",
            f"runs of {', '.join(named[:FIRST_FEW])}{more} recorded a time in the future, which counts as unknown",
            "Set the clocks of the machines that execute runs (NTP).",
        )


def start_conditions(unstarted: Sequence[str]) -> Iterator[Condition]:
    """One condition while runs fail before they begin, as on a worker with the settings of another cell.

    Args:
        unstarted: the ids of such runs since `UNSTARTED_SINCE`, the newest first.
    """
    if len(unstarted) >= _UNSTARTED:
        minutes = UNSTARTED_SINCE // timedelta(minutes=1)
        yield Condition(
            AlertKind.NOT_STARTING,
            "",
            "",
            f"{len(unstarted)} runs of the last {minutes} minutes failed before they began, last {unstarted[0][:8]}",
            "Open that run in Dagster's UI: it says why. Check the settings of the worker that took it.",
        )


def pause_condition(since_when: str, since: datetime, resume_command: str) -> Condition:
    """The condition that a person has paused every client.

    Args:
        since_when: since when, by whom and why, in words.
        since: since when.
        resume_command: the command that ends the pause.
    """
    return Condition(
        AlertKind.PAUSED,
        "",
        "",
        f"every client is paused {since_when}; no order is imported, and no tracking and no stock is pushed",
        f"To go on: {resume_command}",
        since,
    )


def folder_condition(error: str) -> Condition:
    """The condition that no master setup can be read."""
    return Condition(AlertKind.SETUP, "", "", f"nothing runs: {error}", "Make the folder readable.")
