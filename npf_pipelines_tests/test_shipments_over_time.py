"""Shipments and order statuses in the store over time: corrections, withdrawals, mails, vetoes, lost answers."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.assets import shipments as shipments_module
from npf_pipelines.assets.tracking_ledger import what_waits
from npf_pipelines.cscart.errors import OutcomeUnknown
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.days import day_of
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines.platform.tables import order_lines, orders, shipment_lines, shipments
from npf_pipelines.reconcile import tracking
from npf_pipelines.sandbox.model import Order, Shipment, ShippingMethod
from npf_pipelines.state.health import read_health
from npf_pipelines.state.lease import Lease, LeaseLost
from npf_pipelines.state.tables import leases
from npf_pipelines_tests.leases import expire_leases
from npf_pipelines_tests.loop import Loop, copied_loop, write_setup
from npf_pipelines_tests.shared_worlds import SharedWorlds


def _import_one_order(loop: Loop) -> None:
    """Bring one order of acme, of three kites and a drum, onto the platform, and nothing else."""
    store = loop.stores["acme"]
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    for order_id in list(store.orders):
        store.remove_order(order_id)
    kite, drum = [one for one in store.products.values() if one.product_code and one.tracking == "B"][3:5]
    kite.amount = drum.amount = 100
    store.place_order([(kite.product_id, 3), (drum.product_id, 1)], customer=australian)
    store.mails.clear()
    assert [one.failure for one in loop.run("orders", "acme")] == [""]


@pytest.fixture
def lodged(worlds: SharedWorlds, tmp_path: Path) -> Iterator[Loop]:
    """A world in which that order is on the platform."""
    with copied_loop(worlds.of(_import_one_order), tmp_path) as loop:
        yield loop


def the_order(loop: Loop) -> Order:
    (order,) = loop.stores["acme"].orders.values()
    return order


def skus(loop: Loop) -> tuple[str, str]:
    kite, drum = the_order(loop).lines
    return kite.product_code, drum.product_code


def lodge(
    loop: Loop,
    shipment_id: str,
    tracking_number: str,
    quantities: dict[str, int],
    *,
    rest: bool = False,
    order: Order | None = None,
) -> None:
    """The warehouse lodges a parcel of the order, by default the only one; `rest`: something is on back order."""
    order_id = str((order or the_order(loop)).order_id)
    with loop.services.platform_engine.begin() as connection:
        connection.execute(
            sa.insert(shipments).values(
                shipment_id=shipment_id,
                client="acme",
                order_number=f"CS{order_id}",
                carrier="StarTrack",
                tracking_number=tracking_number,
                tracking_url=f"https://startrack.example/{tracking_number}",
                lodged_at=datetime.now(UTC),
            )
        )
        for sku, quantity in quantities.items():
            connection.execute(sa.insert(shipment_lines).values(shipment_id=shipment_id, sku=sku, quantity=quantity))
            connection.execute(
                sa.update(order_lines)
                .where(order_lines.c.order_number == f"CS{order_id}", order_lines.c.sku == sku)
                .values(quantity_shipped=order_lines.c.quantity_shipped + quantity)
            )
        status = OrderStatus.BACK_ORDER if rest else OrderStatus.SHIPPED
        of_order = orders.c.order_number == f"CS{order_id}"
        connection.execute(sa.update(orders).where(orders.c.client == "acme", of_order).values(status=status))


def correct(loop: Loop, shipment_id: str, **values: Any) -> None:
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.update(shipments).where(shipments.c.shipment_id == shipment_id).values(**values))


def repack(loop: Loop, quantities: dict[tuple[str, str], int]) -> None:
    """The warehouse corrects what is in its parcels, by shipment and SKU."""
    with loop.services.platform_engine.begin() as connection:
        for (shipment_id, sku), quantity in quantities.items():
            of_parcel = (shipment_lines.c.shipment_id == shipment_id) & (shipment_lines.c.sku == sku)
            connection.execute(sa.update(shipment_lines).where(of_parcel).values(quantity=quantity))


def withdraw(loop: Loop, shipment_id: str) -> None:
    with loop.services.platform_engine.begin() as connection:
        for table in (shipments, shipment_lines):
            connection.execute(sa.delete(table).where(table.c.shipment_id == shipment_id))


def push(loop: Loop) -> str:
    (run,) = loop.run("shipments", "acme")
    return run.failure


def in_store(loop: Loop) -> dict[str, Shipment]:
    """The store's shipments by tracking number; asserts that none occurs twice."""
    found = list(loop.stores["acme"].shipments.values())
    by_number = {
        shipment.tracking_number: shipment for shipment in found if shipment.order_id == the_order(loop).order_id
    }
    assert len(by_number) == len([one for one in found if one.order_id == the_order(loop).order_id])
    return by_number


def pushed(loop: Loop, shipment_id: str = "S1") -> dict[str, Any]:
    relation = loop.services.lake.connect().execute(f"FROM tracking_push WHERE shipment_id = '{shipment_id}'")
    (row,) = relation.fetchall()
    return dict(zip(relation.columns, row, strict=True))


def test_a_whole_order_is_pushed_and_complete(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    assert push(lodged) == ""
    shipment = in_store(lodged)["T1"]
    assert sorted(shipment.products.values()) == [1, 3]
    assert "https://startrack.example/T1" in shipment.comments
    assert the_order(lodged).status == "C"
    row = pushed(lodged)
    assert (row["outcome"], row["status_outcome"], row["order_status"]) == ("confirmed", "set", "C")


def test_a_parcel_is_not_sent_by_the_orders_pick_up(lodged: Loop) -> None:
    order, store = the_order(lodged), lodged.stores["acme"]
    order.shipping = (ShippingMethod(7, "Pick up in store", "store_locator"), store.shippings[1])
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    assert push(lodged) == ""
    assert in_store(lodged)["T1"].shipping_id == 1


def test_a_shipment_that_cannot_be_read_keeps_its_own_order_waiting_and_no_other(lodged: Loop) -> None:
    store, odd = lodged.stores["acme"], the_order(lodged)
    line, *_ = odd.lines
    # An app ships two and takes one back: the store refuses no negative units.
    made = [store.save_shipment(odd.order_id, {str(line.item_id): units}, shipping_id=1) for units in (2, -1)]
    kite = store.products[line.product_id]
    other = store.orders[store.place_order([(kite.product_id, 1)], customer=odd.customer)]
    assert [one.failure for one in lodged.run("orders", "acme")] == [""]
    lodge(lodged, "S1", "T1", {line.product_code: 1}, rest=True, order=odd)
    lodge(lodged, "S2", "T2", {line.product_code: 1}, order=other)
    push(lodged)
    assert pushed(lodged, "S2")["outcome"] == "confirmed"
    waits = pushed(lodged)
    assert waits["outcome"] == "waiting"
    assert f"shipment {made[1]} of this order can't be read" in waits["reason"]

    store.delete_shipment(made[1])
    assert push(lodged) == ""
    assert pushed(lodged)["outcome"] == "confirmed"


def test_one_shipment_costs_one_write_and_shared_reads(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    store = lodged.stores["acme"]
    asked, written = store.requests, store.writes
    push(lodged)
    assert store.writes - written == 2  # the shipment, and the order's status
    # The order read, read back, and read back with its status; and the shipment as the shopper sees it.
    assert store.requests - asked == 6


def test_a_confirmed_day_is_rerun_with_one_read_and_no_write(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    store = lodged.stores["acme"]
    asked, written = store.requests, store.writes
    assert push(lodged) == ""
    assert (store.requests - asked, store.writes - written) == (1, 0)
    assert pushed(lodged)["outcome"] == "already_there"


def test_parcels_of_one_order_and_the_rest_on_back_order(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    write_setup(lodged.settings.clients, "acme", lodged.url, tracking={"partially_shipped_status": "On hold"})
    lodge(lodged, "S1", "T1", {kite: 1})
    lodge(lodged, "S2", "T2", {kite: 1}, rest=True)
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1", "T2"}
    assert the_order(lodged).status == "E"
    lodge(lodged, "S3", "T3", {kite: 1, drum: 1})
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1", "T2", "T3"}
    assert the_order(lodged).status == "C"


def test_a_corrected_shipment_replaces_what_was_pushed_and_mails_nobody_again(lodged: Loop) -> None:
    write_setup(lodged.settings.clients, "acme", lodged.url, tracking={"notify_customer": True})
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    mails = list(lodged.stores["acme"].mails)
    assert [mail.kind for mail in mails] == ["shipment"]
    correct(lodged, "S1", tracking_number="T1-CORRECTED")
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1-CORRECTED"}
    assert lodged.stores["acme"].mails == mails
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1-CORRECTED"}


def test_a_withdrawn_shipment_leaves_the_store_and_keeps_its_row(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1})
    lodge(lodged, "S2", "T2", {kite: 1}, rest=True)
    push(lodged)
    withdraw(lodged, "S2")
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}
    assert pushed(lodged, "S2")["outcome"] == "withdrawn"
    assert push(lodged) == ""
    assert pushed(lodged, "S2")["outcome"] == "withdrawn"


def test_the_last_shipment_withdrawn_leaves_the_store_too(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1}, rest=True)
    push(lodged)
    withdraw(lodged, "S1")
    assert push(lodged) == ""
    assert in_store(lodged) == {}


def test_without_the_ledger_nothing_is_doubled(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    for path in (lodged.settings.data / "lake" / "tracking_push").rglob("*.parquet"):
        path.unlink()
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}


def test_a_shipment_that_the_merchant_deleted_is_made_again(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    store = lodged.stores["acme"]
    store.delete_shipment(in_store(lodged)["T1"].shipment_id)
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}


def test_what_others_have_shipped_counts(lodged: Loop) -> None:
    kite, _drum = skus(lodged)
    store, order = lodged.stores["acme"], the_order(lodged)
    store.save_shipment(order.order_id, {order.lines[1].item_id: 1}, shipping_id=1, carrier="Bike", tracking_number="B")
    lodge(lodged, "S1", "T1", {kite: 3})
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"B", "T1"}
    assert order.status == "C"


@pytest.mark.parametrize(
    ("quantities", "said"),
    [({"kite": 4}, "only 3 still to ship"), ({"NO-SUCH": 1}, "no line with the SKU NO-SUCH")],
)
def test_what_does_not_fit_the_order_is_set_aside(lodged: Loop, quantities: dict[str, int], said: str) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite if sku == "kite" else sku: number for sku, number in quantities.items()})
    assert push(lodged) == ""
    row = pushed(lodged)
    assert row["outcome"] == "set_aside"
    assert said in row["reason"]
    assert in_store(lodged) == {}
    assert row["status_outcome"] == "not_asked"


def test_a_shipment_that_the_store_could_not_name_is_set_aside(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "", {kite: 1})
    correct(lodged, "S1", carrier="")
    lodge(lodged, "S2", "T2", {kite: 1})
    assert push(lodged) == ""
    assert pushed(lodged)["outcome"] == "set_aside"
    assert in_store(lodged).keys() == {"T2"}


def test_mail_goes_out_only_if_the_setup_says_so(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    assert lodged.stores["acme"].mails == []


def test_the_merchants_own_status_is_left_alone(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodged.stores["acme"].change_status(the_order(lodged).order_id, "H")
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    assert push(lodged) == ""
    row = pushed(lodged)
    assert (the_order(lodged).status, row["status_outcome"]) == ("H", "left_alone")


def test_a_veto_behind_a_200_is_noticed(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodged.stores["acme"].vetoes.add(("P", "C"))
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    assert push(lodged) == ""
    row = pushed(lodged)
    assert (row["status_outcome"], row["order_status"]) == ("refused", "P")
    assert "not C" in row["status_reason"]


def test_backordered_instead_of_complete_is_noticed(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    store, order = lodged.stores["acme"], the_order(lodged)
    write_setup(lodged.settings.clients, "acme", lodged.url, orders={"statuses": ["Paid", "Failed"]})
    store.change_status(order.order_id, "F")
    for line in order.lines:
        store.set_amount(line.product_id, 0)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    assert push(lodged) == ""
    row = pushed(lodged)
    assert (row["status_outcome"], row["order_status"]) == ("refused", "B")


def test_lost_answers_double_nothing(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    store = lodged.stores["acme"]
    store.loses_answers = True
    assert "acme" in push(lodged)
    store.loses_answers = False
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}
    assert the_order(lodged).status == "C"


def test_two_runs_at_once_push_each_shipment_once(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    said: list[str] = []
    runs = [threading.Thread(target=lambda: said.append(push(lodged))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert in_store(lodged).keys() == {"T1"}
    assert all(one == "" or "another run is at work" in one for one in said)


def test_a_wrong_key_stops_the_client_at_once(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    store = lodged.stores["acme"]
    store.api_key = "another"
    asked = store.requests
    assert "401" in push(lodged)
    assert store.requests == asked + 1


def test_of_two_parcels_alike_each_has_one_of_its_own(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "TWIN", {kite: 1})
    lodge(lodged, "S2", "TWIN", {kite: 1}, rest=True)
    assert push(lodged) == ""
    store = lodged.stores["acme"]
    ours = [one.shipment_id for one in store.shipments.values() if one.tracking_number == "TWIN"]
    assert len(ours) == 2
    assert {pushed(lodged, one)["store_shipment_id"] for one in ("S1", "S2")} == {str(one) for one in ours}
    store.delete_shipment(ours[0])
    assert push(lodged) == ""
    assert len([one for one in store.shipments.values() if one.tracking_number == "TWIN"]) == 2
    assert len({pushed(lodged, one)["store_shipment_id"] for one in ("S1", "S2")}) == 2


def test_an_outage_forgets_nothing_that_a_correction_needs(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1}, rest=True)
    push(lodged)
    store = lodged.stores["acme"]
    store.switched_off = True
    assert "acme" in push(lodged)
    store.switched_off = False
    correct(lodged, "S1", tracking_number="T1-CORRECTED")
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1-CORRECTED"}


def test_a_withdrawal_during_an_outage_is_made_good(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1})
    lodge(lodged, "S2", "T2", {kite: 1}, rest=True)
    push(lodged)
    withdraw(lodged, "S2")
    store = lodged.stores["acme"]
    store.switched_off = True
    assert "acme" in push(lodged)
    assert pushed(lodged, "S2")["outcome"] == "waiting"
    store.switched_off = False
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}
    assert pushed(lodged, "S2")["outcome"] == "withdrawn"


def test_after_an_unknown_end_nothing_more_is_laid_on_the_order(lodged: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1})
    lodge(lodged, "S2", "T2", {kite: 1}, rest=True)

    async def lost(*_: object, **__: object) -> str:
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "create_shipment", lost)
        assert "no answer came" in push(lodged)
    assert {pushed(lodged, one)["outcome"] for one in ("S1", "S2")} == {"waiting"}
    assert in_store(lodged) == {}
    # The store may still act: as long as that can be, the order is left alone.
    assert "the store may still carry out" in push(lodged)
    assert in_store(lodged) == {}
    assert {pushed(lodged, one)["outcome"] for one in ("S1", "S2")} == {"waiting"}
    assert "a write of an earlier run (create S1)" in pushed(lodged, "S2")["reason"]
    expire_leases(lodged.services.state)
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1", "T2"}


def test_an_unknown_end_of_the_only_order_does_not_pause_the_client(
    lodged: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})

    async def lost(*_: object, **__: object) -> str:
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "create_shipment", lost)
        assert "no answer came" in push(lodged)
    assert read_health(lodged.services.state)["acme", "shipments"].next_try_at is None
    assert "the store may still carry out" in push(lodged)
    assert read_health(lodged.services.state)["acme", "shipments"].next_try_at is None
    expire_leases(lodged.services.state)
    lodged.stores["acme"].switched_off = True
    assert "acme" in push(lodged)
    assert read_health(lodged.services.state)["acme", "shipments"].next_try_at is not None


def cut_off(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that has created all its shipments, and ends before it can record them."""

    async def killed(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(tracking, "read_back_orders", killed)
        assert "RuntimeError, a fault of the program" in push(loop)
    expire_leases(loop.services.state)


def test_a_run_that_lost_its_lease_overwrites_nothing_that_another_remembers(
    lodged: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})

    async def robbed(*arguments: Any) -> list[tracking.Pushed]:
        rows = await tracking.push_tracking(*arguments)
        with lodged.services.state.begin() as connection:
            connection.execute(sa.update(leases).where(leases.c.client == "acme").values(holder="another"))
        return rows

    with monkeypatch.context() as late:
        late.setattr(shipments_module, "push_tracking", robbed)
        assert "taken over by another run" in push(lodged)
    assert pushed(lodged)["reason"].startswith("on its way into the store")
    expire_leases(lodged.services.state)
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1"}


def test_nothing_is_imported_under_a_lease_that_is_lost(lodged: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: Lease) -> None:
        raise LeaseLost("another run has the lease")

    store = lodged.stores["acme"]
    order_id = store.place_order([(1, 1)], customer=the_order(lodged).customer)
    with monkeypatch.context() as late:
        late.setattr(Lease, "check", lost)
        (run,) = lodged.run("orders", "acme")
    assert "another run has the lease" in run.failure
    with lodged.services.platform_engine.connect() as connection:
        numbers = connection.scalars(sa.select(orders.c.store_order_id).where(orders.c.client == "acme")).all()
    assert str(order_id) not in numbers


def push_until_done(loop: Loop) -> None:
    """One run finds what was left behind, the next one replaces it."""
    assert "to be replaced" in push(loop)
    assert push(loop) == ""


@pytest.mark.parametrize(
    "change", [{"tracking_number": "T1-CORRECTED"}, {"carrier": "Couriers Please"}, {"carrier": "Australia Post"}]
)
def test_what_a_run_made_that_was_cut_off_is_corrected_and_mailed_once(
    lodged: Loop, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    write_setup(lodged.settings.clients, "acme", lodged.url, tracking={"notify_customer": True})
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    cut_off(lodged, monkeypatch)
    assert in_store(lodged).keys() == {"T1"}
    assert pushed(lodged)["outcome"] == "waiting"
    correct(lodged, "S1", **change)
    push_until_done(lodged)
    (shipment,) = in_store(lodged).values()
    number = change.get("tracking_number", "T1")
    carrier = {"Australia Post": "aup"}.get(change.get("carrier", ""), change.get("carrier", "StarTrack"))
    assert (shipment.tracking_number, shipment.carrier) == (number, carrier)
    assert the_order(lodged).status == "C"
    assert [mail.kind for mail in lodged.stores["acme"].mails] == ["shipment"]
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {number}


def test_what_a_run_made_that_was_cut_off_is_withdrawn(lodged: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1}, rest=True)
    cut_off(lodged, monkeypatch)
    withdraw(lodged, "S1")
    assert push(lodged) == ""
    assert in_store(lodged) == {}
    assert pushed(lodged)["outcome"] == "withdrawn"


def test_units_moved_between_parcels_after_a_run_was_cut_off(lodged: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1, drum: 1})
    lodge(lodged, "S2", "T2", {kite: 2})
    cut_off(lodged, monkeypatch)
    repack(lodged, {("S1", kite): 2, ("S2", kite): 1})
    push_until_done(lodged)
    assert {number: sum(one.products.values()) for number, one in in_store(lodged).items()} == {"T1": 3, "T2": 1}
    assert the_order(lodged).status == "C"


def test_a_shipment_corrected_into_nonsense_and_back_mails_once(lodged: Loop) -> None:
    write_setup(lodged.settings.clients, "acme", lodged.url, tracking={"notify_customer": True})
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    repack(lodged, {("S1", kite): 4})
    push(lodged)
    assert (pushed(lodged)["outcome"], in_store(lodged)) == ("set_aside", {})
    repack(lodged, {("S1", kite): 2})
    push(lodged)
    assert pushed(lodged)["outcome"] == "confirmed"
    assert len(lodged.stores["acme"].mails) == 1


def test_a_delete_that_brought_no_answer_is_looked_after(lodged: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1}, rest=True)
    push(lodged)
    withdraw(lodged, "S1")

    async def lost(*_: object) -> None:
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "delete_shipment", lost)
        assert "still to be deleted" in push(lodged)
    assert "the store may still carry out" in push(lodged)
    assert pushed(lodged)["outcome"] == "waiting"
    expire_leases(lodged.services.state)
    assert push(lodged) == ""
    assert in_store(lodged) == {}


def test_a_day_waits_as_long_as_a_status_does(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3, drum: 1})
    push(lodged)
    lake, today = lodged.services.lake, day_of(datetime.now(UTC), lodged.services.setups()["acme"].zone)
    (row,) = lake.read(TRACKING_PUSH, client="acme", day=today)
    for changes, waits in [
        ({"status_outcome": "waiting"}, True),
        ({"status_outcome": "waiting", "outcome": "refused"}, False),
        ({"outcome": "waiting"}, True),
        ({"outcome": "withdrawn"}, False),
    ]:
        assert bool(what_waits(row | changes)) is waits


def test_a_dry_run_shows_what_it_would_make_and_writes_nothing(lodged: Loop) -> None:
    kite, drum = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 3})
    lodge(lodged, "S2", "T2", {drum: 1})
    store = lodged.stores["acme"]
    written, rows = store.writes, lodged.rows("FROM tracking_push")
    (run,) = lodged.run("shipments", "acme", dry_run=True)
    assert run.failure == ""
    assert (store.writes, lodged.rows("FROM tracking_push")) == (written, rows)
    shown = {str(row["shipment_id"]): row for change in run.changes for row in change.shown}
    assert {row["outcome"] for row in shown.values()} == {"planned"}
    assert {row["status_outcome"] for row in shown.values()} == {"planned"}
    assert "would become C" in str(shown["S1"]["status_reason"])
    assert push(lodged) == ""
    assert in_store(lodged).keys() == {"T1", "T2"}


def test_a_dry_run_shows_what_it_would_replace_and_delete(lodged: Loop) -> None:
    kite, _ = skus(lodged)
    lodge(lodged, "S1", "T1", {kite: 1})
    lodge(lodged, "S2", "T2", {kite: 1}, rest=True)
    push(lodged)
    correct(lodged, "S1", tracking_number="T1-CORRECTED")
    withdraw(lodged, "S2")
    (run,) = lodged.run("shipments", "acme", dry_run=True)
    said = {str(row["shipment_id"]): str(row["reason"]) for change in run.changes for row in change.shown}
    assert "would be created" in said["S1"]
    assert "would be deleted" in said["S2"]
    assert in_store(lodged).keys() == {"T1", "T2"}
