"""One row of a store's list that can't be read costs that row, which is named, and nothing else."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from npf_pipelines.automation.alert_facts import all_facts
from npf_pipelines.lake.facts import read_facts
from npf_pipelines.platform.tables import stock
from npf_pipelines.rules.conditions import client_conditions
from npf_pipelines.rules.orders import TEST_SKUS
from npf_pipelines.sandbox.model import Combination, Product
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.loop import Loop, write_setup
from npf_pipelines_tests.stock_steps import count_fifty, push

ODD_AMOUNTS: tuple[Any, ...] = (None, "", "1.5")


@pytest.fixture
def stocked(loop: Loop) -> Loop:
    """A store without orders; the warehouse counts 50 of each of its SKUs, the store has something else."""
    count_fifty(loop)
    return loop


def own_codes(store: SandboxStore) -> list[Product]:
    """The tracked products whose code no other has."""
    codes = Counter(one.product_code for one in store.products.values()) + Counter([*TEST_SKUS, ""])
    plain = [one for one in store.products.values() if one.tracking == "B" and not one.warehouses and not one.is_edp]
    return [one for one in plain if codes[one.product_code] == 1]


def outcomes(loop: Loop) -> dict[tuple[str, str], tuple[str, str]]:
    """Outcome and reason by SKU and product."""
    rows = loop.rows("SELECT sku, product_id, outcome, reason FROM stock_push WHERE client = 'acme'")
    return {(sku, product): (outcome, reason) for sku, product, outcome, reason in rows}


def count(loop: Loop, on_hand: int) -> None:
    with loop.services.platform_engine.begin() as connection:
        connection.execute(sa.update(stock).values(on_hand=on_hand, updated_at=datetime.now(UTC)))


@pytest.mark.parametrize("amount", ODD_AMOUNTS)
def test_an_amount_that_cannot_be_read_is_its_products_row_and_the_others_are_pushed(
    stocked: Loop, amount: Any
) -> None:
    store = stocked.stores["acme"]
    odd, *others = own_codes(store)
    before = odd.amount
    store.odd_fields["products", str(odd.product_id)] = {"amount": amount}
    assert push(stocked, override_change_limit=True) == ""
    assert odd.amount == before
    assert {one.amount for one in others} == {50}
    outcome, reason = outcomes(stocked)[odd.product_code, str(odd.product_id)]
    assert outcome == "unreadable"
    assert "amount: " in reason
    assert "Correct it there" in reason

    store.odd_fields.clear()
    assert push(stocked, override_change_limit=True) == ""
    assert odd.amount == 50


def test_a_first_push_is_held_for_the_others_and_the_unreadable_one_keeps_its_reason(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    odd = own_codes(store)[0]
    store.odd_fields["products", str(odd.product_id)] = {"amount": "1.5"}
    assert "the first push to this store" in push(stocked)
    assert store.writes == 0
    assert outcomes(stocked)[odd.product_code, str(odd.product_id)][0] == "unreadable"


def test_a_row_that_was_read_whole_before_is_named_when_it_is_picked_by_the_map(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    odd, other = own_codes(store)[:2]
    with (
        stocked.services.platform_engine.begin() as connection
    ):  # A part of the catalogue only, so that the map is used.
        connection.execute(sa.delete(stock).where(stock.c.sku.not_in([odd.product_code, other.product_code])))
    assert push(stocked, override_change_limit=True) == ""
    asked = store.requests
    count(stocked, 40)
    store.odd_fields["products", str(odd.product_id)] = {"amount": None}
    assert push(stocked) == ""
    assert outcomes(stocked)[odd.product_code, str(odd.product_id)][0] == "unreadable"
    assert (odd.amount, other.amount) == (50, 40)
    assert store.requests - asked < 10


def test_what_cannot_be_read_back_is_not_called_moved(stocked: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stocked.stores["acme"]
    odd, *others = own_codes(store)
    plain = SandboxStore.set_amount

    def spoil(self: SandboxStore, product_id: int, amount: int) -> None:
        plain(self, product_id, amount)
        if product_id == odd.product_id:
            self.odd_fields["products", str(product_id)] = {"amount": "50.5"}

    monkeypatch.setattr(SandboxStore, "set_amount", spoil)
    assert push(stocked, override_change_limit=True) == ""
    outcome, reason = outcomes(stocked)[odd.product_code, str(odd.product_id)]
    assert outcome == "unreadable"
    assert "written, and not read back" in reason
    assert "amount: '50.5' is not a whole number" in reason
    assert {one.amount for one in others} == {50}


def test_a_code_on_a_good_and_a_bad_product_is_pushed_to_the_good_one(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    odd, twin = own_codes(store)[:2]
    twin.product_code = odd.product_code
    store.odd_fields["products", str(odd.product_id)] = {"amount": ""}
    assert push(stocked, override_change_limit=True) == ""
    assert twin.amount == 50
    found = outcomes(stocked)
    assert found[odd.product_code, str(odd.product_id)][0] == "unreadable"
    assert found[odd.product_code, str(twin.product_id)][0] in {"confirmed", "already_right"}

    # Where one code may not be on several products, a bad one counts as one of them.
    twin.amount = 3
    write_setup(stocked.settings.clients, "acme", stocked.url, stock={"quantity": "available", "same_sku": "none"})
    assert push(stocked, override_change_limit=True) == ""
    assert twin.amount == 3
    found = outcomes(stocked)
    assert found[odd.product_code, str(odd.product_id)][0] == "unreadable"
    assert found[odd.product_code, str(twin.product_id)][0] == "several_products"


@pytest.mark.parametrize("field", ["product_id", "product_code"])
def test_a_product_of_which_nobody_knows_which_it_is_has_a_row_in_every_push(stocked: Loop, field: str) -> None:
    store = stocked.stores["acme"]
    odd, other = own_codes(store)[:2]
    with stocked.services.platform_engine.begin() as connection:
        connection.execute(sa.delete(stock).where(stock.c.sku != other.product_code))
    store.odd_fields["products", str(odd.product_id)] = {field: ["?"]}
    for _ in range(2):
        assert push(stocked, override_change_limit=True) == ""
        rows = [(key, reason) for key, (outcome, reason) in outcomes(stocked).items() if outcome == "unreadable"]
        ((sku, product), reason) = rows[0]
        assert len(rows) == 1
        assert f"{field}: a list is not" in reason
        assert product.startswith("unnumbered-") if field == "product_id" else product == str(odd.product_id)
        assert sku == ("" if field == "product_code" else odd.product_code)
    assert other.amount == 50


def test_an_untracked_product_or_one_counted_by_combinations_needs_no_amount(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    loose, shirt, other = own_codes(store)[:3]
    loose.tracking = "D"
    shirt.tracking, shirt.combinations = (
        "O",
        {71: Combination(71, "SHIRT-S", {3: 12}, 7), 72: Combination(72, "SHIRT-L", {3: 13}, 8)},
    )
    with stocked.services.platform_engine.begin() as connection:
        rows = [
            {"client": "acme", "sku": sku, "on_hand": 50, "updated_at": datetime.now(UTC)}
            for sku in ("SHIRT-S", "SHIRT-L")
        ]
        connection.execute(sa.insert(stock), rows)
    for product in (loose, shirt):
        store.odd_fields["products", str(product.product_id)] = {"amount": None}
    store.odd_fields["combinations", "72"] = {"amount": "2.5"}
    assert push(stocked, override_change_limit=True) == ""
    found = outcomes(stocked)
    assert found[loose.product_code, str(loose.product_id)][0] == "not_tracked"
    assert found["SHIRT-S", f"{shirt.product_id}/71"][0] == "confirmed"
    assert found["SHIRT-L", f"{shirt.product_id}/72"][0] == "unreadable"
    assert (shirt.combinations[71].amount, shirt.combinations[72].amount, other.amount) == (50, 8, 50)


def test_a_person_finds_the_row_in_report_alert_and_the_partitions_metadata(stocked: Loop) -> None:
    store = stocked.stores["acme"]
    odd = own_codes(store)[0]
    store.odd_fields["products", str(odd.product_id)] = {"amount": "1.5"}
    assert push(stocked, override_change_limit=True) == ""
    (reported,) = [
        one for one in read_facts(stocked.services.lake, "acme", stocked.days[0]).open if one.kind == "sku_unreadable"
    ]
    assert reported.number == odd.product_code
    assert "'1.5' is not a whole number" in reported.reason
    setups = {"acme": stocked.services.setups()["acme"]}
    (facts,) = all_facts(stocked.services.state, setups, datetime.now(UTC), lambda _: False)
    said = [one for one in client_conditions(facts, datetime.now(UTC), is_running=False) if "not readable" in one.text]
    assert [one.kind for one in said] == ["needs_a_person"]
    assert odd.product_code in said[0].text


def test_a_bad_status_row_costs_only_itself_and_the_setups_check_names_it(loop: Loop) -> None:
    store = loop.stores["acme"]
    store.odd_fields["statuses", "F"] = {"status": None, "status_id": "17"}
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    result = loop.defs.resolve_job_def("audit_job").execute_in_process(instance=loop.instance, raise_on_error=False)
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "setups_fit"]
    table: Any = check.metadata["misfits"]
    said = [record.data["what"] for record in table.records if record.data["client"] == "acme"]
    (bad,) = [what for what in said if "can't be read" in what]
    assert bad == "in the store's list of statuses, the row 17 can't be read: status: is missing"


def test_a_bad_shipping_row_costs_only_itself(loop: Loop) -> None:
    store = loop.stores["acme"]
    store.shippings[0] = store.shippings[1]
    store.shippings = dict(sorted(store.shippings.items()))
    store.odd_fields["shippings", "0"] = {"shipping_id": "none"}
    assert loop.run_all() == []
    assert loop.disagreements() == []


def test_an_order_whose_row_has_no_readable_time_or_number_costs_no_other_client_data(loop: Loop) -> None:
    store = loop.stores["acme"]
    first, second = sorted(store.orders)[-2:]
    store.odd_fields["orders", str(first)] = {"timestamp": "yesterday"}
    store.odd_fields["orders", str(second)] = {"order_id": None}
    loop.floor.count("acme", store.skus(), datetime.now(UTC))
    assert [one.failure for one in loop.run("orders", "acme")] == [""]
    assert push(loop, override_change_limit=True) == ""
    reported = dict(
        loop.rows("SELECT order_id, reason FROM filtered_orders WHERE rule = 'unreadable' AND client = 'acme'")
    )
    assert "timestamp: 'yesterday'" in reported[str(first)]
    assert any("order_id" in reason for order_id, reason in reported.items() if order_id.startswith("unnumbered"))
