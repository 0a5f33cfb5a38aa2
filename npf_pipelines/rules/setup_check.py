"""Settings of a master setup that don't fit the client's store, or would do harm there."""

from collections.abc import Sequence

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.status_names import contradictions
from npf_pipelines.domain.order_statuses import Status, UnknownStatus
from npf_pipelines.rules.status_names import named_statuses

NOT_READ = (
    "the store's order statuses can't be read, so that each counts as CS-Cart ships it, by its letter: give the API "
    "user's group the right to manage order statuses"
)


def misfits(setup: MasterSetup, statuses: Sequence[Status], *, were_read: bool) -> list[str]:
    """A sentence for each misfit; empty when the setup fits.

    Args:
        setup: the client's master setup.
        statuses: the store's own, or CS-Cart's where the store's can't be read.
        were_read: whether the store's own could be read.
    """
    by_letter = {status.letter: status for status in statuses}
    found = [] if were_read else [NOT_READ]
    named = named_statuses(setup, statuses)
    found += [str(UnknownStatus(problem, statuses)) for problem in named.unknown]
    found += contradictions(named.letters)
    for field, letters in named.letters.items():
        for status in (by_letter[letter] for letter in letters if field.startswith("tracking.")):
            if status.gives_back:
                found.append(
                    f"{field}: {status.name} gives the order's stock back: the store sells it again until the "
                    "next stock push. Choose a status that keeps the stock"
                )
    if setup.stock.quantity != "off" and "negative_as_zero" not in setup.stock.model_fields_set:
        found.append(
            "stock.negative_as_zero: left out, which means false since November 2026 and meant true before. Write "
            "false, and the store gets negative figures as they are, or true, and it gets 0 instead"
        )
    return found
