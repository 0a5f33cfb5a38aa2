"""Shipments in a sandbox store: made, corrected, deleted. Not here: how the API reads requests (api/shipments.py)."""

from collections.abc import Mapping

from npf_pipelines.sandbox.model import Mail, Shipment
from npf_pipelines.sandbox.store_state import StoreState

_LABEL_WIDTH = 255
"""Characters of the columns for tracking number and carrier (documented by the schema)."""


class TooLongError(ValueError):
    """A strict database refuses a text that is longer than its column."""


class ShipmentActions(StoreState):
    """Changes of shipments."""

    def save_shipment(
        self,
        order_id: int,
        products: Mapping[str, int],
        *,
        shipping_id: int,
        carrier: str = "",
        tracking_number: str = "",
        comments: str = "",
        timestamp: int | None = None,
        notify: bool = False,
    ) -> int:
        """Store a shipment, checking nothing; the order's `updated_at` stays (known behaviour).

        The columns of tracking number and carrier hold 255 characters: more is cut without a word (inferred).

        Raises:
            TooLongError: more where the database is strict.
        """
        labels = {"carrier": carrier, "tracking_number": tracking_number}
        if self.strict_database and any(len(text) > _LABEL_WIDTH for text in labels.values()):
            raise TooLongError(f"store {self.store_id} has a column that is too short for that")
        kept = {name: text[:_LABEL_WIDTH] for name, text in labels.items()} | {"comments": comments}
        kept |= dict.fromkeys(self.drops, "")
        with self._change():
            shipment = Shipment(
                shipment_id=self.next_shipment_id,
                order_id=order_id,
                timestamp=self.now if timestamp is None else timestamp,
                shipping_id=shipping_id,
                products=dict(products),
                **kept,
            )
            self.add_shipment(shipment)
            if notify:
                self._mail(Mail("shipment", order_id))
            return shipment.shipment_id

    def correct_shipment(self, shipment_id: int, fields: Mapping[str, str | int]) -> None:
        """Overwrite some of tracking_number, comments, status and timestamp."""
        with self._change():
            for name, value in fields.items():
                setattr(self.shipments[shipment_id], name, value)
            self._changes.add(("shipment", shipment_id))

    def delete_shipment(self, shipment_id: int) -> None:
        """Forget a shipment: its quantities are still to be sent. Its number isn't used again."""
        with self._change():
            shipment = self.shipments.pop(shipment_id)
            self._shipments_of[shipment.order_id].remove(shipment_id)
            self._changes.add(("shipment", shipment_id))
