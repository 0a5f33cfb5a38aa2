"""The gap audit: every listed order decided, every accepted one on the platform."""

from hypothesis import given
from hypothesis import strategies as st

from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.rules.audit import gaps

IDS = st.text("0123456789", min_size=1, max_size=2)


@given(
    st.lists(IDS, unique=True),
    st.dictionaries(IDS, st.sampled_from([str(one) for one in Decision])),
    st.sets(IDS),
    st.sets(IDS),
)
def test_a_gap_for_each_order_that_is_missing_and_for_no_other(
    listed: list[str], decisions: dict[str, str], on_platform: set[str], held: set[str]
) -> None:
    found = {gap.order: gap.what for gap in gaps("acme", listed, decisions, on_platform, held)}
    undecided = {order for order in listed if order not in decisions}
    lost = {order for order in listed if decisions.get(order) == "accepted" and order not in on_platform | held}
    assert {order for order, what in found.items() if "without a decision" in what} == undecided
    assert {order for order, what in found.items() if "not on the platform" in what} == lost
    assert found.keys() == undecided | lost
