"""The day's checks find what they are there for."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from npf_pipelines.domain.alert import Alert, AlertKind
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.platform.tables import orders
from npf_pipelines.state.alerts import keep_alerts
from npf_pipelines_tests.day.alerts import Silence, is_open, was_sent, wrong_alerts
from npf_pipelines_tests.day.followed import not_followed
from npf_pipelines_tests.loop import Loop

NOW = datetime.now(UTC)


def keep(loop: Loop, kind: AlertKind, *, sent: bool = True, over: bool = False) -> None:
    at, over_at = NOW if sent else None, NOW if over else None
    alert = Alert(f"{kind}|acme|", "acme", kind, "so it is", "do this", NOW, NOW, at, over_at, over_at)
    keep_alerts(loop.services.state, [alert])


def test_a_store_that_is_not_asked_is_silent_unless_it_is_paused_or_an_alert_says_so(loop: Loop) -> None:
    silence, engine = Silence(), loop.services.state
    later = NOW + timedelta(hours=3)
    assert silence.step(engine, loop.stores, (), NOW) == []
    loop.stores["bolt"].requests += 1
    (found,) = silence.step(engine, loop.stores, (), later)
    assert found.startswith("acme: no request")
    keep(loop, AlertKind.NO_PULL)
    assert silence.step(engine, loop.stores, (), later) == []
    keep(loop, AlertKind.NO_PULL, over=True)
    assert silence.step(engine, loop.stores, (), later) != []
    assert silence.step(engine, loop.stores, ("acme",), later) == []


def test_an_alert_that_is_missing_or_not_resolved_is_wrong(loop: Loop) -> None:
    engine, expected = loop.services.state, [(AlertKind.CHANGE_LIMIT, "acme")]
    assert wrong_alerts(engine, expected) == [f"acme: no alert {AlertKind.CHANGE_LIMIT} was sent and resolved"]
    keep(loop, AlertKind.CHANGE_LIMIT, sent=False)
    assert not was_sent(engine, AlertKind.CHANGE_LIMIT, "acme")
    keep(loop, AlertKind.CHANGE_LIMIT)
    assert is_open(engine, AlertKind.CHANGE_LIMIT, "acme")
    assert len(wrong_alerts(engine, expected)) == 2
    keep(loop, AlertKind.CHANGE_LIMIT, over=True)
    assert was_sent(engine, AlertKind.CHANGE_LIMIT, "acme")
    assert not is_open(engine, AlertKind.CHANGE_LIMIT, "acme")
    keep(loop, AlertKind.NEEDS_A_PERSON)
    assert wrong_alerts(engine, expected) == []


def test_an_order_that_goes_on_although_it_was_cancelled_in_the_store_is_found(fresh: Loop) -> None:
    assert not_followed(fresh) == []
    query = sa.select(orders.c.order_number, orders.c.store_order_id).where(
        orders.c.client == "acme", orders.c.status != OrderStatus.CANCELLED
    )
    with fresh.services.platform_engine.connect() as connection:
        number, order_id = connection.execute(query.limit(1)).one()
    fresh.stores["acme"].change_status(int(order_id), "I", user=False)
    assert not_followed(fresh) == [f"acme: the order {number} is cancelled in the store and goes on"]
