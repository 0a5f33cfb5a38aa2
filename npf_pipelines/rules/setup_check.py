"""What of a master setup doesn't fit the client's store, or would do harm there."""

from collections.abc import Sequence

from npf_pipelines.cscart.models import Status
from npf_pipelines.cscart.statuses import UnknownStatus, status_letter
from npf_pipelines.master_setup import MasterSetup


def misfits(setup: MasterSetup, statuses: Sequence[Status]) -> list[str]:
    """A sentence for each; empty when the setup fits.

    Args:
        setup: the client's master setup.
        statuses: those that its store has.
    """
    by_letter = {status.letter: status for status in statuses}
    found: list[str] = []
    for name in setup.orders.statuses:
        try:
            status_letter(name, statuses)
        except UnknownStatus as error:
            found.append(f"orders.statuses: {error}")
    for field in ("shipped_status", "partially_shipped_status"):
        name = getattr(setup.tracking, field)
        if name is None:
            continue
        try:
            status = by_letter.get(status_letter(name, statuses))
        except UnknownStatus as error:
            found.append(f"tracking.{field}: {error}")
            continue
        if status and not status.takes_stock:
            found.append(
                f"tracking.{field}: {status.name} gives the order's stock back: the store sells it again until the "
                "next stock push. Choose a status that keeps the stock"
            )
    if setup.stock.quantity != "off" and "negative_as_zero" not in setup.stock.model_fields_set:
        found.append(
            "stock.negative_as_zero: left out, which means false since November 2026 and meant true before. Write "
            "false, and the store gets negative figures as they are, or true, and it gets 0 instead"
        )
    return found
