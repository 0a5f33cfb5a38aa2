"""Shipments as a store has them. Not here: how they are parsed (cscart/shipment_parser.py), parcels."""

from npf_pipelines.domain.store_orders import StoreRecord

LONGEST_LABEL = 255
"""Characters that the columns of a shipment's tracking number and carrier hold; more is cut or refused (inferred)."""


class Shipment(StoreRecord):
    """One shipment as the store has it.

    Attributes:
        tracking_url: the link that the store built; empty for a carrier it doesn't know.
        quantities: units by item_id.
    """

    shipment_id: str
    order_id: str
    shipping_id: str | None
    carrier: str
    tracking_number: str
    comments: str
    tracking_url: str
    quantities: dict[str, int]
