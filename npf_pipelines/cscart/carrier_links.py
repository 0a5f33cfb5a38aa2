"""For which carrier codes a store builds a tracking link, learnt from its own answers.

Carriers can be switched off or renamed in the store's settings, and a code without a carrier behind it is stored and
yields no link (known behaviour): so no code is trusted before the store has shown a link for it. Not here: which name
is which code (carriers.py), where the facts are kept (assets/store_facts.py).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from npf_pipelines.domain.store_shipments import Shipment


class CarrierLinks:
    """What one store has shown of its carriers."""

    def __init__(self, known: Mapping[str, bool] = MappingProxyType({})) -> None:
        self._known = dict(known)
        self.is_changed = False

    @property
    def known(self) -> Mapping[str, bool]:
        """By carrier code, whether its shipments have a link."""
        return MappingProxyType(self._known)

    def yields_link(self, code: str) -> bool:
        """Whether the store is known to build a link for the code."""
        return self._known.get(code, False)

    def learn(self, shipments: Iterable[Shipment]) -> None:
        """Remember which carriers have a link. Where its shipments differ in that, a carrier counts as without one."""
        shown: dict[str, bool] = {}
        for shipment in shipments:
            if shipment.carrier and shipment.tracking_number:
                shown[shipment.carrier] = bool(shipment.tracking_url) and shown.get(shipment.carrier, True)
        self._keep(shown)

    def learn_missing(self, code: str) -> None:
        """Remember that a shipment written with the code has no link, even if the store shows no carrier on it."""
        self._keep({code: False})

    def _keep(self, shown: Mapping[str, bool]) -> None:
        self.is_changed = self.is_changed or any(self._known.get(code) is not links for code, links in shown.items())
        self._known |= shown
