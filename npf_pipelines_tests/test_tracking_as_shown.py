"""A parcel as the shopper sees it, and how it is found again: from the platform's rows to the store and back."""

import copy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from npf_pipelines.cscart.errors import OutcomeUnknown
from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.open_kinds import KINDS
from npf_pipelines.lake.facts import read_facts
from npf_pipelines.lake.tables import TRACKING_PUSH
from npf_pipelines.reconcile import tracking
from npf_pipelines.reconcile.tracking_plan import content_hash
from npf_pipelines.rules.shipments import fingerprint
from npf_pipelines_tests.builders import NOON, row
from npf_pipelines_tests.faults.tracking_client import CLIENT
from npf_pipelines_tests.parcel_world import TODAY, ParcelWorld, parcel_world

MANY = ", ".join(f"TN{number:08}" for number in range(30))
"""Several tracking numbers in one field: more than a store's column holds."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ParcelWorld]:
    with parcel_world(tmp_path) as world:
        yield world


async def settle(world: ParcelWorld) -> None:
    """Run again until nothing waits: no write, and nothing of the store's changes."""
    before, written = copy.deepcopy(world.there), world.store.writes
    assert await world.push() == ""
    assert (world.there, world.store.writes) == (before, written)


# A number survives the round trip


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("TN-2 ", "TN-2"),
        (" TN-2", "TN-2"),
        ("TN-2\u200b", "TN-2"),
        ("\ufeffTN-2", "TN-2"),
        ("TN\t2\n", "TN 2"),
        ("TN-2\x07", "TN-2"),
    ],
)
async def test_a_number_with_blanks_or_invisible_characters_is_pushed_once(
    world: ParcelWorld, written: str, shown: str
) -> None:
    world.lodge("S1", written, quantities={"KITE": 1})
    world.lodge("S2", "OTHER", quantities={"KITE": 2, "DRUM": 1})
    assert await world.push() == ""
    assert sorted(one.tracking_number for one in world.there) == sorted(["OTHER", shown])
    assert world.status == "C"
    await settle(world)
    world.forget()
    await settle(world)
    assert {one["outcome"] for one in world.rows()} == {"already_there"}


async def test_blanks_around_carrier_url_and_sku_are_no_difference(world: ParcelWorld) -> None:
    parcel = {
        "carrier": " StarTrack ",
        "tracking_url": "https://track.example/1 ",
        "quantities": {"KITE ": 3, " DRUM": 1},
    }
    world.lodge("S1", "T1", **parcel)
    assert await world.push() == ""
    (shipment,) = world.there
    assert (shipment.carrier, shipment.comments) == ("startrack", "https://track.example/1")
    assert world.row()["outcome"] == "confirmed"
    await settle(world)


async def test_a_lost_answer_to_a_number_with_a_blank_is_found_again(
    world: ParcelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.lodge("S1", "TN1 ")
    made = Store.create_shipment

    async def lost(*args: Any, **named: Any) -> str:
        await made(*args, **named)
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "create_shipment", lost)
        assert await world.push() == ""
    assert world.row()["outcome"] == "confirmed"
    assert len(world.there) == 1
    await settle(world)


async def test_a_run_that_was_cut_off_after_a_number_with_a_blank_is_taken_up(
    world: ParcelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.lodge("S1", "TN1 ")

    async def killed(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(tracking, "read_back_orders", killed)
        with pytest.raises(RuntimeError):
            await world.push()
    assert await world.push() == ""
    assert (len(world.there), world.row()["outcome"], world.status) == (1, "already_there", "C")


@pytest.mark.parametrize("is_known_to_the_ledger", [True, False])
async def test_what_an_earlier_release_pushed_unnormalised_is_neither_doubled_nor_rewritten(
    world: ParcelWorld, *, is_known_to_the_ledger: bool
) -> None:
    """That release printed and marked the text as the platform has it, zero units included."""
    quantities = {"KITE": 3, "DRUM": 1, "SAND": 0}
    parcel = world.lodge("S1", "TN1 ", carrier="Couriers Please ", quantities=quantities)
    store, order = world.store, world.store.orders[world.order_id]
    laid = {line.item_id: line.amount for line in order.lines}
    made = store.save_shipment(
        world.order_id,
        laid,
        shipping_id=1,
        carrier="Couriers Please ",
        tracking_number="TN1 ",
        comments=parcel.tracking_url,
    )
    store.change_status(world.order_id, "C")
    written = row(
        TRACKING_PUSH,
        shipment_id="S1",
        order_number=parcel.order_number,
        outcome="confirmed" if is_known_to_the_ledger else "waiting",
        reason="created and read back",
        store_shipment_id=str(made) if is_known_to_the_ledger else None,
        content=content_hash(parcel) if is_known_to_the_ledger else None,
        sent=[fingerprint(parcel.tracking_number, parcel.quantities)],
        order_status="C",
        status_outcome="set",
        confirmed_at=NOON if is_known_to_the_ledger else None,
    )
    world.write_rows(written)
    await settle(world)
    assert world.row()["outcome"] == "already_there"
    await settle(world)


async def test_what_an_earlier_release_left_behind_unnormalised_is_deleted_when_withdrawn(world: ParcelWorld) -> None:
    parcel = world.lodge("S1", "TN1 ")
    laid = {line.item_id: line.amount for line in world.store.orders[world.order_id].lines}
    world.store.save_shipment(world.order_id, laid, shipping_id=1, carrier="C", tracking_number="TN1 ")
    waiting = row(
        TRACKING_PUSH,
        shipment_id="S1",
        order_number=parcel.order_number,
        outcome="waiting",
        store_shipment_id=None,
        content=None,
        sent=[fingerprint("TN1 ", parcel.quantities)],
        status_outcome="waiting",
        confirmed_at=None,
    )
    world.write_rows(waiting)
    world.withdraw("S1")
    assert await world.push() == ""
    assert (world.there, world.row()["outcome"]) == ([], "withdrawn")


# Numbers and texts that don't fit


@pytest.mark.parametrize("is_strict", [True, False])
async def test_numbers_that_do_not_fit_together_are_all_in_the_comments(world: ParcelWorld, *, is_strict: bool) -> None:
    world.store.strict_database = is_strict
    world.lodge("S1", MANY, carrier="Australia Post", quantities={"KITE": 1})
    world.lodge("S2", "T2", quantities={"KITE": 2, "DRUM": 1})
    assert await world.push() == ""
    many = next(one for one in world.there if one.tracking_number == "TN00000000")
    assert MANY in many.comments
    assert "https://track.example/S1" in many.comments
    assert world.row()["outcome"] == "confirmed"
    assert world.status == "C"
    world.forget()
    await settle(world)
    assert world.row()["outcome"] == "already_there"


async def test_a_number_that_fits_nowhere_is_set_aside(world: ParcelWorld) -> None:
    world.lodge("S1", "9" * 270)
    assert await world.push() == ""
    assert (world.there, world.row()["outcome"]) == ([], "set_aside")
    assert "longer than the 255 characters" in world.row()["reason"]


async def test_a_number_that_an_earlier_release_had_cut_is_known_again(world: ParcelWorld) -> None:
    world.lodge("S1", MANY, quantities={"KITE": 1})
    line = world.store.orders[world.order_id].lines[0]
    world.store.save_shipment(world.order_id, {line.item_id: 1}, shipping_id=1, carrier="C", tracking_number=MANY)
    before = copy.deepcopy(world.there)
    assert await world.push() == ""  # Sets the status of an order shipped short.
    assert world.there == before
    await settle(world)
    assert world.row()["outcome"] == "already_there"


async def test_a_carriers_name_that_does_not_fit_is_shortened(world: ParcelWorld) -> None:
    world.store.strict_database = True
    world.lodge("S1", "T1", carrier="Long Haul " * 30)
    assert await world.push() == ""
    assert len(world.there[0].carrier) <= 255
    assert world.row()["outcome"] == "confirmed"


# Read back means read back


@pytest.mark.parametrize(
    ("drops", "said"),
    [
        ({"carrier"}, "shows the carrier none instead of Couriers Please"),
        ({"comments"}, "the comments without the tracking URL"),
        ({"tracking_number"}, "the tracking number none instead of T1"),
        ({"carrier", "comments"}, "and the comments without the tracking URL"),
    ],
)
async def test_what_the_store_shows_otherwise_is_an_outcome_of_its_own(
    world: ParcelWorld, drops: set[str], said: str
) -> None:
    world.store.drops = frozenset(drops)
    world.lodge("S1", "T1")
    assert await world.push() == ""
    assert world.row()["outcome"] == "differs_in_store"
    assert said in world.row()["reason"]
    assert "correct it there" in world.row()["reason"]
    assert world.status == "C"
    assert world.row()["store_shipment_id"] == str(world.there[0].shipment_id)
    for _ in range(2):
        await settle(world)
        assert world.row()["outcome"] == "differs_in_store"
    world.store.correct_shipment(
        world.there[0].shipment_id,
        {"tracking_number": "T1", "comments": "https://track.example/S1"},
    )
    world.there[0].carrier = "Couriers Please"
    await settle(world)
    assert (world.row()["outcome"], world.row()["reason"]) == ("already_there", "in the store already")
    await settle(world)


async def test_a_shipment_that_differs_stays_ours_when_the_order_gets_another(world: ParcelWorld) -> None:
    world.store.drops = frozenset({"tracking_number"})
    world.lodge("S1", "T1", quantities={"KITE": 1})
    assert await world.push() == ""
    world.store.drops = frozenset()
    world.lodge("S2", "T2", quantities={"KITE": 1, "DRUM": 1})
    assert await world.push() == ""
    assert [one.tracking_number for one in world.there] == ["", "T2"]
    assert {one["shipment_id"]: one["outcome"] for one in world.rows()} == {
        "S1": "differs_in_store",
        "S2": "confirmed",
    }


async def test_a_correction_of_what_differed_is_pushed(world: ParcelWorld) -> None:
    world.store.drops = frozenset({"comments"})
    world.lodge("S1", "T1")
    await world.push()
    world.store.drops = frozenset()
    world.correct("S1", tracking_number="T1C")
    assert await world.push() == ""
    assert [one.tracking_number for one in world.there] == ["T1C"]
    assert world.row()["outcome"] == "confirmed"


async def test_a_lost_answer_of_a_store_that_drops_the_number_doubles_nothing(
    world: ParcelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store.drops = frozenset({"tracking_number"})
    world.lodge("S1", "T1", quantities={"KITE": 1})
    made = Store.create_shipment

    async def lost(*args: Any, **named: Any) -> str:
        await made(*args, **named)
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "create_shipment", lost)
        assert await world.push() == ""
    assert (len(world.there), world.row()["outcome"]) == (1, "differs_in_store")
    await settle(world)


async def test_a_store_that_does_not_list_its_newest_shipments_is_asked_order_by_order(
    world: ParcelWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(Store, "newest_shipments", nothing)
    world.store.drops = frozenset({"carrier"})
    world.lodge("S1", "T1")
    assert await world.push() == ""
    assert world.row()["outcome"] == "differs_in_store"


# The tracking URL always reaches the shopper


@pytest.mark.parametrize("carrier", ["USPS", "StarTrack", "Australia Post", "Couriers Please"])
async def test_until_a_code_has_shown_a_link_the_url_is_in_the_comments(world: ParcelWorld, carrier: str) -> None:
    del world.store.carriers["usps"]
    world.lodge("S1", "T1", carrier=carrier)
    assert await world.push() == ""
    assert "https://track.example/S1" in world.there[0].comments
    assert world.row()["outcome"] == "confirmed"
    assert world.links == {world.there[0].carrier: carrier == "Australia Post"}
    await settle(world)


async def test_a_code_that_has_shown_a_link_needs_no_url_in_the_comments(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", carrier="Australia Post", quantities={"KITE": 1})
    assert await world.push() == ""
    world.lodge("S2", "T2", carrier="Australia Post", quantities={"KITE": 1})
    assert await world.push() == ""
    assert [one.comments for one in world.there] == ["https://track.example/S1", ""]
    await settle(world)


async def test_several_numbers_in_one_field_have_the_url_in_the_comments(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", carrier="Australia Post", quantities={"KITE": 1})
    await world.push()
    world.lodge("S2", "T2, T3", carrier="Australia Post", quantities={"KITE": 1})
    assert await world.push() == ""
    assert world.there[1].tracking_number == "T2, T3"
    assert world.there[1].comments == "https://track.example/S2"
    await settle(world)


async def test_a_carrier_that_is_switched_off_costs_nobody_the_url(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", carrier="Australia Post", quantities={"KITE": 1})
    await world.push()
    mails = len(world.store.mails)
    world.store.carriers.clear()
    world.lodge("S2", "T2", carrier="Australia Post", quantities={"KITE": 1})
    assert await world.push() != ""
    assert world.row("S2")["outcome"] == "waiting"
    assert "to be made again with the tracking URL" in world.row("S2")["reason"]
    assert await world.push() == ""
    assert [one.comments for one in world.there] == ["https://track.example/S1", "https://track.example/S2"]
    assert len(world.store.mails) == mails + 1
    assert world.links == {"aup": False}
    await settle(world)


@pytest.mark.parametrize("drops", [{"carrier"}, {"carrier", "tracking_number"}])
@pytest.mark.parametrize("is_answer_lost", [False, True])
async def test_a_store_that_begins_to_drop_what_makes_the_link_makes_a_parcel_again_once(
    world: ParcelWorld, monkeypatch: pytest.MonkeyPatch, drops: set[str], *, is_answer_lost: bool
) -> None:
    world.lodge("S1", "T1", carrier="Australia Post", quantities={"KITE": 1})
    await world.push()
    world.store.drops = frozenset(drops)
    world.lodge("S2", "T2", carrier="Australia Post", quantities={"KITE": 1})
    made = Store.create_shipment

    async def lost(*args: Any, **named: Any) -> str:
        await made(*args, **named)
        raise OutcomeUnknown("the request was sent, but no answer came")

    with monkeypatch.context() as broken:
        if is_answer_lost:
            broken.setattr(Store, "create_shipment", lost)
        assert await world.push() != ""
    assert "to be made again with the tracking URL" in world.row("S2")["reason"]
    assert world.links == {"aup": False}
    assert await world.push() == ""
    assert [one.comments for one in world.there] == ["https://track.example/S1", "https://track.example/S2"]
    assert world.row("S2")["outcome"] == "differs_in_store"
    await settle(world)


async def test_what_an_earlier_release_made_without_the_url_is_not_rewritten(world: ParcelWorld) -> None:
    parcel = world.lodge("S1", "T1", carrier="Australia Post")
    laid = {line.item_id: line.amount for line in world.store.orders[world.order_id].lines}
    made = world.store.save_shipment(world.order_id, laid, shipping_id=1, carrier="aup", tracking_number="T1")
    world.store.change_status(world.order_id, "C")
    before = row(
        TRACKING_PUSH,
        shipment_id="S1",
        order_number=parcel.order_number,
        outcome="confirmed",
        store_shipment_id=str(made),
        content=content_hash(parcel),
        sent=[fingerprint("T1", parcel.quantities)],
        status_outcome="set",
    )
    world.write_rows(before)
    await settle(world)
    assert world.row()["outcome"] == "already_there"


# Parcels with more than was ordered


async def test_a_sku_that_the_order_has_not_costs_the_shopper_nothing(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", quantities={"KITE": 3, "DRUM": 1, "FLYER": 1, "SAND\u200b": 2, "ROPE": 0})
    assert await world.push() == ""
    (shipment,) = world.there
    assert sorted(shipment.products.values()) == [1, 3]
    said = 'not on the order, so left out: 1 of FLYER, 2 of "SAND\\u200b"'
    assert (world.row()["outcome"], world.row()["reason"]) == ("confirmed", f"created and read back; {said}")
    assert world.status == "C"
    await settle(world)
    assert (world.row()["outcome"], world.row()["reason"]) == ("already_there", f"in the store already; {said}")
    world.forget()
    await settle(world)


async def test_a_parcel_of_which_the_order_has_nothing_is_set_aside(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", quantities={"FLYER": 1})
    assert await world.push() == ""
    assert (world.row()["outcome"], world.there) == ("set_aside", [])
    assert "no line with the SKU FLYER" in world.row()["reason"]


async def test_too_many_units_are_set_aside_with_the_whole_parcel(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", quantities={"KITE": 4, "DRUM": 1, "FLYER": 1})
    assert await world.push() == ""
    assert (world.row()["outcome"], world.there) == ("set_aside", [])
    assert "4 of KITE shipped, but only 3 still to ship" in world.row()["reason"]


async def test_a_parcel_with_a_surplus_sku_is_withdrawn_and_repacked(world: ParcelWorld) -> None:
    world.lodge("S1", "T1", quantities={"KITE": 2, "FLYER": 1})
    world.lodge("S2", "T2", quantities={"KITE": 1, "DRUM": 1})
    await world.push()
    world.withdraw("S1")
    world.lodge("S1", "T1", quantities={"KITE": 1, "FLYER": 1})
    assert await world.push() == ""
    units = Counter({one.tracking_number: sum(one.products.values()) for one in world.there})
    assert units == {"T1": 1, "T2": 2}


async def test_a_line_that_the_merchant_deletes_after_shipping_doubles_nothing(world: ParcelWorld) -> None:
    """The drum has left the order, so that of the parcel only the kite would fit."""
    world.lodge("S1", "T1", quantities={"KITE": 1, "DRUM": 1})
    await world.push()
    order = world.store.orders[world.order_id]
    order.lines = order.lines[:1]
    world.lodge("S2", "T2", quantities={"KITE": 1})
    assert await world.push() == ""
    assert [one.tracking_number for one in world.there] == ["T1", "T2"]
    world.forget()
    assert await world.push() == ""
    assert [one.tracking_number for one in world.there] == ["T1", "T2"]
    assert world.row()["outcome"] == "set_aside"
    assert "has this tracking number, but other units" in world.row()["reason"]


@pytest.mark.parametrize("number", ["T1 ", "T1, T2", MANY])
async def test_the_demos_check_knows_what_is_right(world: ParcelWorld, number: str) -> None:
    world.lodge("S1", number, carrier="Australia Post", quantities={"KITE ": 3, "DRUM": 1, "FLYER": 1, "ROPE": 0})
    await world.push()
    assert world.disagreements() == []
    world.there[0].comments = ""
    world.store.carriers.clear()
    assert ["shows no tracking URL" in sentence for sentence in world.disagreements()] == [True]


async def test_a_shipment_that_differs_is_open_until_it_is_corrected(world: ParcelWorld) -> None:
    world.store.drops = frozenset({"comments"})
    world.lodge("S1", "T1")
    await world.push()
    assert open_things(world) == ["shipment_differs_in_store"]
    await world.push()
    assert open_things(world) == ["shipment_differs_in_store"]
    world.store.correct_shipment(world.there[0].shipment_id, {"comments": "https://track.example/S1"})
    await world.push()
    assert open_things(world) == []


def open_things(world: ParcelWorld) -> list[str]:
    """The kinds of what the report and the alerts call open; each says what to do."""
    kinds = [row.kind for row in read_facts(world.services.lake, CLIENT, TODAY).open]
    assert all(KINDS[kind].what_to_do for kind in kinds)
    return kinds


# Stock is found by its SKU too


async def test_stock_whose_sku_has_a_blank_reaches_its_product_less_what_orders_take(world: ParcelWorld) -> None:
    world.count(**{"KITE ": 50, "DRUM": 20, "DRUM ": 30})
    rows = await world.push_stock()
    assert {sku: row["outcome"] for sku, row in rows.items()} == {
        "KITE": "confirmed",
        "DRUM": "several_counts",
        "DRUM ": "several_counts",
    }
    assert [one.amount for one in world.store.products.values()] == [50, 99]
    assert '"DRUM "' in rows["DRUM"]["reason"]
