"""The sensor that has the checks evaluated after a client's first sweep: once for each new client."""

from npf_pipelines_tests.automation.ticks import look, register
from npf_pipelines_tests.loop import Loop


def test_the_checks_are_evaluated_once_after_the_first_runs_of_all_flows(loop: Loop) -> None:
    register(loop)
    loop.run("orders")
    asked, cursor, said = look(loop, "first_audit")
    assert (asked, said) == ([], "2 new clients have not been swept yet")
    loop.run("shipments", "acme")
    loop.run("stock", "acme", override_change_limit=True)
    asked, cursor, _ = look(loop, "first_audit", cursor)
    assert len(asked) == 1
    assert look(loop, "first_audit", cursor)[0] == []
    loop.run("shipments", "bolt")
    loop.run("stock", "bolt", override_change_limit=True)
    asked, cursor, _ = look(loop, "first_audit", cursor)
    assert len(asked) == 1
    asked, _, said = look(loop, "first_audit", cursor)
    assert (asked, said) == ([], "0 new clients have not been swept yet")
