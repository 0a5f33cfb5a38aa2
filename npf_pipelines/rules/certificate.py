"""A certificate: all requirements, judged from the evidence, and the verdict.

A requirement that the evidence contradicts fails; one for which there is no evidence yet is not proven, and says what
it waits for. Not here: the evidence (domain/certification.py), each requirement (order_requirements.py,
stock_requirements.py), the page (reports/certificate.py).
"""

from dataclasses import dataclass
from datetime import datetime

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.certification import Evidence
from npf_pipelines.domain.requirement import Requirement, Result
from npf_pipelines.rules import order_requirements as orders
from npf_pipelines.rules import stock_requirements as stock
from npf_pipelines.rules.status_meaning import StatusMeanings


@dataclass(frozen=True)
class Certificate:
    """The outcome of a certification.

    Attributes:
        requirements: all of them, judged.
        waits_for: the lodgements that the warehouse has still to make.
        to_place: the steps by which the merchant places test orders that are missing.
        store_version: the store's version; empty if the store doesn't name it.
    """

    setup: MasterSetup
    began_at: datetime
    ended_at: datetime
    requirements: tuple[Requirement, ...]
    waits_for: tuple[str, ...]
    to_place: tuple[str, ...]
    store_version: str = ""

    @property
    def is_certified(self) -> bool:
        """Whether every requirement passes, or isn't asked for by the setup."""
        return all(requirement.result.is_met for requirement in self.requirements)

    @property
    def verdict(self) -> str:
        """The outcome in a sentence without its end."""
        if self.is_certified:
            return "certified"
        failed = sum(requirement.result is Result.FAIL for requirement in self.requirements)
        if failed:
            return f"not certified: {failed} of {len(self.requirements)} requirements failed"
        if self.waits_for:
            return f"not proven: waiting for lodgement of {' and '.join(self.waits_for)}"
        return "not proven: test orders are missing" if self.to_place else "not proven"


def judge(setup: MasterSetup, meanings: StatusMeanings, evidence: Evidence) -> tuple[Requirement, ...]:
    """Judge all requirements.

    Args:
        setup: the client's master setup.
        meanings: the store's statuses.
        evidence: everything seen so far.
    """
    negative = "as 0" if setup.stock.negative_as_zero else "as it is"
    return (
        Requirement("items", "The store has the test items", stock.items(evidence, setup)),
        Requirement("pull", "Orders are pulled", orders.pull(evidence, setup.zone)),
        Requirement("full", "Full lodgement", orders.full(evidence, setup.zone)),
        Requirement("partial", "Partial lodgement", orders.partial(evidence, setup.zone)),
        Requirement("tracking_number", "Tracking number", orders.tracking_number(evidence)),
        Requirement("tracking_url", "Tracking URL", orders.tracking_url(evidence)),
        Requirement("shipped_status", "Status of a shipped order", orders.shipped_status(evidence, meanings)),
        Requirement(
            "partially_shipped_status",
            "Status of a partially shipped order",
            orders.partially_shipped_status(evidence, meanings),
        ),
        Requirement("soh", "SOH", stock.figure(evidence, setup, "on_hand")),
        Requirement("available", "Available SOH", stock.figure(evidence, setup, "available")),
        Requirement("negative", f"A negative figure is pushed {negative}", stock.negative(evidence, setup)),
        Requirement("replay_orders", "A second import changes nothing", orders.second_import(evidence)),
        Requirement("replay_shipments", "A second push of tracking changes nothing", orders.second_push(evidence)),
        Requirement("replay_stock", "A second push of stock changes nothing", stock.second_push(evidence, setup)),
        Requirement("put_back", "The amounts are as before", stock.put_back(evidence, setup)),
    )
