"""`npf lodge-tests`: a new integration is proven end to end, and nothing leaves the warehouse."""

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from npf_pipelines.cli import app
from npf_pipelines.platform.tables import orders, shipments, stock
from npf_pipelines_tests.loop import Loop


def test_a_test_order_goes_all_the_way(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPF_DATA", str(loop.settings.data))
    store = loop.stores["acme"]
    items = [one.product_id for one in store.products.values() if one.product_code.startswith("Test00")]
    australian = next(order.customer for order in store.orders.values() if order.customer.ship_to.country == "AU")
    order_id = store.place_order([(product_id, 1) for product_id in items], customer=australian)
    loop.run("orders", "acme")
    with loop.services.engine.connect() as connection:
        (before,) = connection.execute(sa.select(sa.func.count()).select_from(stock)).one()

    lodged = CliRunner().invoke(app, ["lodge-tests", "acme"])
    assert lodged.exit_code == 0, lodged.output
    assert f"CS{order_id}" in lodged.output
    assert [one.failure for one in loop.run("shipments", "acme")] == [""]

    assert store.orders[order_id].status == "C"
    with loop.services.engine.connect() as connection:
        dispatched = sa.select(orders.c.is_test).where(orders.c.order_number == shipments.c.order_number)
        assert set(connection.scalars(dispatched.where(orders.c.client == "acme"))) == {True}
        assert connection.execute(sa.select(sa.func.count()).select_from(stock)).one() == (before,)
    assert CliRunner().invoke(app, ["lodge-tests", "acme"]).exit_code == 1
