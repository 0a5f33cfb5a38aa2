"""Calls for shipments: reading, making and deleting them, and the shipping methods that they name.

Not here: whether a shipment should be made at all (reconcile/), how a row is read (shipment_parser.py).
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from npf_pipelines.cscart.calls import ROWS_PER_PAGE, StoreCalls, checked_id, parsed
from npf_pipelines.cscart.errors import UnreadableShipment
from npf_pipelines.cscart.fields import Row, Unreadable
from npf_pipelines.cscart.http import Params
from npf_pipelines.cscart.paging import Page, read_page, read_pages
from npf_pipelines.cscart.shipment_parser import parse_shipment
from npf_pipelines.cscart.unreadable import row_id_of
from npf_pipelines.domain.store_shipments import Shipment


class ShipmentCalls(StoreCalls):
    """The part of a store's API that concerns shipments."""

    async def shipments_of(self, order_id: str) -> list[Shipment]:
        """All shipments of an order.

        Raises:
            UnreadableShipment: for one that can't be read: a shipment that is overlooked would be made again.
        """

        async def fetch(params: Params) -> Page:
            answer = await self._http.get("shipments", {"order_id": checked_id(order_id), **params})
            return read_page(answer, "shipments")

        pages = read_pages(fetch, "shipments", _id_reader("shipment_id"), ROWS_PER_PAGE)
        order_of = _id_reader("order_id")
        # Unknown parameters are ignored without an error (documented): other orders' shipments are left out.
        return [_whole(row) async for rows in pages for row in rows if order_of(row) in {order_id, None}]

    async def newest_shipments(self, rows: int) -> list[Shipment]:
        """About the shipments made last, of all orders, in one request.

        That the list without an order is sorted so, newest first, is inferred: nothing follows from a shipment that
        is missing here. One that can't be read is left out.
        """
        params: Params = {"sort_by": "id", "sort_order": "desc", "page": 1, "items_per_page": rows}
        shipments = []
        for row in read_page(await self._http.get("shipments", params), "shipments").rows:
            with contextlib.suppress(Unreadable):
                shipments.append(parse_shipment(row))
        return shipments

    async def create_shipment(
        self,
        order_id: str,
        *,
        shipping_id: str | None,
        carrier: str,
        tracking_number: str,
        quantities: Mapping[str, int],
        comments: str,
        notify_customer: bool,
    ) -> str:
        """Make a shipment; its id.

        Compare with `shipments_of` first: nothing keeps the store from making the same one twice. Compare the
        quantities with the order's lines too: too large ones are cut silently (documented), and an unknown
        item_id leaves an empty shipment behind (inferred). Read back the result.

        Args:
            order_id: the store's.
            shipping_id: the shipping method; None leaves it out.
            carrier: the code of a carrier that the store knows, or any name.
            tracking_number: the carrier's.
            quantities: units by item_id, each above 0.
            comments: seen by merchant and customer.
            notify_customer: whether the store mails the customer; older versions never do (known behaviour).

        Raises:
            ValueError: nothing to ship, or neither carrier nor tracking number, which 4.16.2 and later demand.
        """
        if not quantities or any(type(units) is not int or units <= 0 for units in quantities.values()):
            # The store doesn't refuse negative quantities (documented).
            raise ValueError(f"A shipment takes a whole number above 0 of each line, not {dict(quantities)}.")
        if not carrier and not tracking_number:
            raise ValueError("A shipment needs a carrier or a tracking number.")
        body: dict[str, Any] = {
            "order_id": checked_id(order_id),
            "carrier": carrier,
            "tracking_number": tracking_number,
            # Without them the store ships one package group only (documented).
            "products": dict(quantities),
            "comments": comments,
            "notify_user": notify_customer,
        }
        if shipping_id is not None:
            body["shipping_id"] = shipping_id
        answer = await self._http.post("shipments", body)
        return parsed(lambda raw: Row(raw).number_id("shipment_id"), answer)

    async def delete_shipment(self, shipment_id: str) -> None:
        """Delete a shipment; with `create_shipment` the only correction that all versions take."""
        await self._http.delete(f"shipments/{checked_id(shipment_id)}")

    async def shippings(self) -> dict[str, str]:
        """The names of the store's shipping methods by id, in its order: a shipment names one (documented).

        Rows that can't be read go to `unreadable`.
        """
        page = read_page(await self._http.get("shippings", {"items_per_page": ROWS_PER_PAGE}), "shippings")
        return dict(self._readable(_named_shipping, "shippings", "shipping_id", page.rows))


def _whole(row: object) -> Shipment:
    try:
        return parse_shipment(row)
    except Unreadable as why:
        named = row_id_of(row, "shipment_id") or "without a number"
        raise UnreadableShipment(
            f"The store's shipment {named} of this order can't be read: {why}. Have the merchant correct or delete it."
        ) from None


def _named_shipping(raw: object) -> tuple[str, str]:
    """Id and name of a shipping method; a name that can't be read is empty, for the id is what counts."""
    row, name = Row(raw), ""
    with contextlib.suppress(Unreadable):
        name = row.name("shipping")
    return row.number_id("shipping_id"), name


def _id_reader(name: str) -> Callable[[object], str | None]:
    def id_of(raw: object) -> str | None:
        try:
            return Row(raw).number_id(name)
        except Unreadable:
            return None

    return id_of
