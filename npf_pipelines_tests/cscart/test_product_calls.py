"""Tests of npf_pipelines.cscart.product_calls: on the sandbox, and on odd servers for the rest."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from npf_pipelines.cscart.errors import (
    MalformedResponse,
    NotFound,
    RateLimited,
)
from npf_pipelines.cscart.page_size import PageSize
from npf_pipelines.cscart.store import Store
from npf_pipelines.sandbox.model import Combination, Product
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import html_answer, json_answer
from npf_pipelines_tests.cscart.store_cases import odd


async def test_products_come_once_each(store: Store, box: SandboxStore) -> None:
    for number in range(3, 601):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number, tracking=None))
    products = [product async for product in store.products()]
    assert sorted(int(product.product_id) for product in products) == list(range(1, 601))
    by_id = {product.product_id: product for product in products}
    assert (by_id["600"].sku, by_id["600"].amount, by_id["600"].tracking) == ("SKU600", 600, None)
    assert by_id["1"].tracking == "B"


async def test_many_products_are_read_in_few_pages(store: Store, box: SandboxStore) -> None:
    for number in range(3, 10_001):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number))
    assert len({product.key async for product in store.products()}) == 10_000
    # One of 250, which shows that the store bears more, and ten of at most 1000 that overlap in a row or a few.
    assert store.requests == 12


async def test_products_that_come_and_go_meanwhile_hide_no_other(store: Store, box: SandboxStore) -> None:
    for number in range(3, 3001):
        box.add_product(Product(number, f"SKU{number:04}", "Thing", 100, number))
    seen = []
    async for product in store.products():
        seen.append(product.key)
        # Pages are asked for as they are needed: so this happens between two of them, too.
        if len(seen) in {100, 900, 1900}:
            for number in range(len(seen) // 20, len(seen) // 20 + 10):
                del box.products[number]
                box.add_product(Product(9000 + number, f"ZZZ{number:04}", "Thing", 100, number))
    assert len(set(seen)) == len(seen)
    assert {str(number) for number in box.products if number < 9000} <= set(seen)


async def test_a_store_that_cannot_list_many_products_is_asked_for_fewer() -> None:
    rows = [{"product_id": str(n), "product_code": f"{n:05}", "amount": "1"} for n in range(1, 701)]

    def answer(request: Request) -> Response:
        page, size = (int(request.query_params[name]) for name in ("page", "items_per_page"))
        if size > 130:
            return html_answer("Fatal", 500)
        return json_answer({"products": rows[(page - 1) * size : page * size], "params": {"total_items": "700"}})

    async with odd(answer) as client:
        assert [int(product.product_id) async for product in client.products()] == list(range(1, 701))


def combined(box: SandboxStore) -> None:
    """Product 5 is counted by its two combinations, product 6 would be but has none."""
    combinations = {
        71: Combination(71, "SHIRT-S", {3: 12, 4: 17}, amount=7),
        72: Combination(72, "", {3: 12, 4: 18}, amount=8),
    }
    box.add_product(Product(5, "SHIRT", "A shirt", 900, 99, tracking="O", combinations=combinations))
    box.add_product(Product(6, "SOCK", "A sock", 100, 3, tracking="O"))


async def test_combinations_stand_in_place_of_their_product(store: Store, box: SandboxStore) -> None:
    combined(box)
    products = [product async for product in store.products()]
    assert [(one.key, one.sku, one.amount, one.tracking) for one in products] == [
        ("5/71", "SHIRT-S", 7, "O"),
        ("5/72", "", 8, "O"),
        ("6", "SOCK", 3, "O"),
        ("1", "TOY-1", 100, "B"),
        ("2", "TOY-2", 100, "B"),
    ]
    assert store.requests == 3


async def test_all_combinations_of_a_product_come_in_one_call(store: Store, box: SandboxStore) -> None:
    combinations = {number: Combination(number, f"C{number}", {3: number}, number) for number in range(1, 301)}
    box.add_product(Product(5, "SHIRT", "A shirt", 900, 99, tracking="O", combinations=combinations))
    assert len([product async for product in store.products()]) == 302
    assert store.requests == 2


async def test_a_product_that_is_gone_before_its_combinations_are_read_is_no_failure() -> None:
    row = {"product_id": "5", "product_code": "SHIRT", "amount": "3", "tracking": "O"}

    def answer(request: Request) -> Response:
        if request.url.path.endswith("combinations"):
            return json_answer({"message": "Not Found"}, 404)
        return json_answer({"products": [row], "params": {"total_items": "1"}})

    async with odd(answer) as client:
        assert [product.key async for product in client.products()] == ["5"]


async def test_combinations_of_another_product_are_not_taken_for_ours() -> None:
    rows = [{"product_id": str(number), "combination_hash": "71", "amount": "3"} for number in (4, 5)]
    async with odd(lambda _: json_answer(rows)) as client:
        assert list(await client.products_by_key(["5/71"])) == ["5/71"]
        assert await client.products_by_key(["6/71"]) == {}


@pytest.mark.parametrize("bad", [1, {"product_id": "5"}, {"product_id": "5", "combination_hash": "72", "amount": None}])
async def test_a_combination_that_cannot_be_read_costs_no_other(bad: object) -> None:
    good = {"product_id": "5", "combination_hash": "71", "amount": "3"}
    async with odd(lambda _: json_answer([bad, good])) as client:
        assert (await client.products_by_key(["5/71"]))["5/71"].amount == 3


@pytest.mark.parametrize("answer", [{"message": "no"}])
async def test_what_is_no_list_of_combinations_is_a_bad_answer(answer: object) -> None:
    async with odd(lambda _: json_answer(answer)) as client:
        with pytest.raises(MalformedResponse, match="version"):
            await client.products_by_key(["5/71"])


async def test_products_by_key(store: Store, box: SandboxStore) -> None:
    combined(box)
    for number in range(10, 311):
        box.add_product(Product(number, f"SKU{number}", "Thing", 100, number))
    keys = [str(number) for number in range(310, 9, -1)]
    found = await store.products_by_key([*keys, "5/72", "5/71", "5/73", "999", "999/1", "x", "x/1", "5/", "6"])
    assert list(found) == [*keys, "5/72", "5/71", "6"]
    assert (found["310"].amount, found["5/72"].amount, found["6"].amount) == (310, 8, 3)
    # Two lists of products, the combinations of two.
    assert store.requests == 4


async def test_products_by_key_takes_no_others_for_them() -> None:
    rows = [
        {"product_id": "1", "product_code": "A", "amount": "5"},
        {"product_id": "2", "product_code": "A", "amount": "6"},
    ]
    body = {"products": rows, "params": {"total_items": "2"}}
    async with odd(lambda _: json_answer(body)) as client:
        assert list(await client.products_by_key(["2", "3"])) == ["2"]


async def test_an_amount_is_set(store: Store, box: SandboxStore) -> None:
    await store.set_amount("1", 42)
    await store.set_amount("2", -3)
    assert (box.products[1].amount, box.products[2].amount) == (42, -3)
    assert (box.products[1].name, box.products[1].cents) == ("A toy", 1250)
    with pytest.raises(NotFound):
        await store.set_amount("99", 1)


async def test_an_amount_is_sent_as_a_number_and_alone() -> None:
    bodies = []

    async def answer(request: Request) -> Response:
        bodies.append(await request.body())
        return json_answer({"product_id": "1"})

    async with odd(answer) as client:
        await client.set_amount("1", 7)
    assert [json.loads(body) for body in bodies] == [{"amount": 7}]


async def test_the_amount_of_a_combination_is_set(store: Store, box: SandboxStore) -> None:
    combined(box)
    await store.set_amount("5/72", 42)
    product = box.products[5]
    assert (product.combinations[72].amount, product.combinations[71].amount, product.amount) == (42, 7, 99)
    with pytest.raises(NotFound):
        await store.set_amount("5/73", 1)


async def test_the_own_amount_of_a_product_with_combinations_changes_nothing_on_sale(
    store: Store, box: SandboxStore
) -> None:
    combined(box)
    await store.set_amount("5", 1000)
    assert [one.amount async for one in store.products()][:2] == [7, 8]


@pytest.mark.parametrize("amount", [8_388_608, -8_388_608, 12.7, "12", None, True])
async def test_an_amount_that_the_store_would_change_is_not_sent(store: Store, amount: Any) -> None:
    with pytest.raises(ValueError, match="amount"):
        await store.set_amount("1", amount)
    assert store.requests == 0


async def test_stock_split_over_warehouses_stays_as_it_is(store: Store, box: SandboxStore) -> None:
    """The store says 200 and changes nothing: only reading back shows it."""
    box.add_product(Product(3, "SPLIT", "Thing", 100, 9, warehouses={1: 4, 2: 5}))
    await store.set_amount("3", 42)
    assert (await store.products_by_key(["3"]))["3"].amount == 9


async def test_stock_split_over_warehouses_is_set_by_location(store: Store, box: SandboxStore) -> None:
    box.add_product(Product(3, "SPLIT", "Thing", 100, 9, warehouses={1: 4, 2: 5}))
    await store.set_shares("3", {"1": 42})
    assert box.products[3].warehouses == {1: 42, 2: 5}
    assert (await store.products_by_key(["3"]))["3"].amount == 47
    await store.set_shares("3", {"1": 7, "2": 6})
    assert (box.products[3].warehouses, box.products[3].amount) == ({1: 7, 2: 6}, 13)


@pytest.mark.parametrize("location", [None, "1"])
async def test_an_amount_is_not_sent_again_as_it_was(location: str | None) -> None:
    async with odd(lambda _: Response(status_code=429)) as client:
        with pytest.raises(RateLimited):
            await (client.set_shares("1", {location: 7}) if location else client.set_amount("1", 7))
        assert client.requests == 1


async def test_a_combination_has_no_share_of_a_location(store: Store) -> None:
    with pytest.raises(ValueError, match="isn't split"):
        await store.set_shares("5/71", {"1": 42})
    with pytest.raises(ValueError, match="numbers"):
        await store.set_shares("5", {"main": 42})
    assert store.requests == 0


async def test_the_first_products_are_a_sample_with_few_combinations_read(store: Store, box: SandboxStore) -> None:
    for number in range(10, 40):
        box.add_product(Product(number, f"CODE-{number}", "A thing", 100, 1))
    for number in (10, 11, 12):
        box.products[number].tracking = "O"
        box.products[number].combinations = {
            number * 9: Combination(number * 9, f"COMBINED-{number}", {1: 1}, amount=1)
        }
    store._product_pages = PageSize(10, most=10)
    pages = [page async for page in store.first_products(most=15, most_combined=2)]
    assert pages[-1].total == 32
    assert 15 <= sum(page.rows for page in pages) < 32
    assert sum(page.not_expanded for page in pages) == 1
    codes = [row.sku for page in pages for row in page.products]
    assert codes[:4] == ["COMBINED-10", "COMBINED-11", "CODE-12", "CODE-13"]
    assert len(codes) == len(set(codes))
    assert [name for _, name, _ in box.journal].count("/combinations") == 2


async def test_codes_like_another_are_found_wherever_they_are(store: Store, box: SandboxStore) -> None:
    box.add_product(Product(9, "test 001", "A test item", 100, 1))
    box.add_product(Product(10, "Test001", "A test item", 100, 1))
    assert await store.codes_like("Test001") == {"Test001"}
    assert await store.codes_like("toy") == {"TOY-1", "TOY-2"}
