"""A client of one vendor of a Multi-Vendor store sees that vendor's orders and products alone."""

from datetime import UTC, datetime, timedelta

import pytest

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.store_orders import Order
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines_tests.cscart.servers import KEY, USER, json_answer, key, odd_store


@pytest.mark.parametrize("vendor", [1, 2])
async def test_a_vendors_calls_go_behind_its_path(vendor: int) -> None:
    box = SandboxStore("mall", api_user=USER, api_key=KEY)
    orders = {}
    for company in (1, 2):
        box.add_product(Product(company, f"KITE-{company}", "Kite", 100, amount=9, company_id=company))
        orders[company] = box.place_order([(company, 1)])
        box.orders[orders[company]].company_id = company
    now = datetime.now(UTC)
    with SandboxServer({"mall": box}) as server:
        async with Store(server.store_url("mall"), USER, key(), vendor=vendor) as store:
            assert [product.sku async for product in store.products()] == [f"KITE-{vendor}"]
            pages = store.orders_placed(now - timedelta(days=1), now + timedelta(days=1))
            placed = [order async for page in pages for order in page if isinstance(order, Order)]
            assert [(order.order_id, order.company_id) for order in placed] == [(str(orders[vendor]), str(vendor))]
            assert (await store.orders_by_id(map(str, orders.values()))).keys() == {str(orders[vendor])}
            await store.set_amount(str(vendor), 4)
            await store.statuses()
    assert (box.products[vendor].amount, box.products[3 - vendor].amount) == (4, 8)
    paths = {path.strip("/") for _, path, _ in box.journal}
    assert all(path.startswith(f"vendors/{vendor}/") for path in paths - {"statuses"})


async def test_products_of_other_vendors_are_left_out_even_where_the_store_shows_them() -> None:
    companies: list[dict[str, object]] = [{"company_id": "1"}, {"company_id": "2"}, {"company_id": 2}, {}]
    rows: list[dict[str, object]] = [
        {"product_id": str(number), "product_code": "KITE", "amount": "9", "tracking": "B", "status": "A", **company}
        for number, company in enumerate(companies, 1)
    ]
    answer = {"products": rows, "params": {"total_items": "4"}}
    async with odd_store(lambda _: json_answer(answer)) as url, Store(url, USER, key(), vendor=2) as store:
        assert [product.key async for product in store.products()] == ["2", "3", "4"]
        assert (await store.products_by_key(["1", "2"])).keys() == {"2"}
