"""Amounts put back where a store has one stock, shows the shares of its locations, or only their total."""

from pathlib import Path

import pytest
import stamina

from npf_pipelines.cscart.store import Store
from npf_pipelines.domain.certification import Amount
from npf_pipelines.reconcile.certification import put_back, see_amounts
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.sandbox.model import Product
from npf_pipelines.sandbox.server import SandboxServer
from npf_pipelines.sandbox.store import SandboxStore
from npf_pipelines.state.database import open_state
from npf_pipelines.state.lease import held_lease
from npf_pipelines_tests.cscart.servers import KEY, USER, key


@pytest.mark.parametrize(
    ("locations", "shows_shares"),
    [((), False), ((3,), True), ((3,), False), ((3, 8), False)],
    ids=["one stock", "shares", "total", "all locations"],
)
async def test_an_amount_is_as_before(tmp_path: Path, locations: tuple[int, ...], *, shows_shares: bool) -> None:
    box = SandboxStore("acme", api_user=USER, api_key=KEY)
    box.shows_shares = shows_shares
    box.add_product(Product(1, "Test001", "Test item 1", 100, amount=12))
    box.add_product(Product(2, "MUG", "Mug", 100, amount=4))  # Its id was a test item's.
    if locations:
        box.products[1].warehouses = {3: 6, 8: 6}
    scope = Scope(locations)
    with SandboxServer({"acme": box}) as server, stamina.set_testing(True, attempts=4, cap=True):
        async with (
            held_lease(open_state(f"sqlite:///{tmp_path / 'state.sqlite'}"), "acme", "stock") as lease,
            Store(server.store_url("acme"), USER, key()) as store,
        ):

            async def amounts() -> tuple[Amount, ...]:
                return see_amounts((await store.products_by_key(["1"])).values(), scope)

            before = await amounts()
            await (store.set_shares("1", scope.shares(30)) if locations else store.set_amount("1", 30))
            assert await amounts() != before
            await put_back(store, lease, [*before, Amount(product="2", sku="Test002", amount=9)], scope)
            assert await amounts() == before
    assert (box.products[1].amount, box.products[1].warehouses) == (12, {3: 6, 8: 6} if locations else {})
    assert box.products[2].amount == 4
