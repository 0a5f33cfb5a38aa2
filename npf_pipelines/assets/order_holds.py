"""The holds of one client's orders in a run: read once, and laid over each decision.

Not here: what holds an order (rules/holds.py), when a run is due for a release (due_decisions.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from npf_pipelines.domain.hold_actions import HoldAction
from npf_pipelines.domain.outcomes import Decision
from npf_pipelines.domain.store_orders import Order, UnreadableOrder
from npf_pipelines.rules.cut_off import wanted_since
from npf_pipelines.rules.holds import HoldRules, Version, hold_of, hold_rules, version_of
from npf_pipelines.rules.orders import Verdict, verdict_of
from npf_pipelines.runs.client_run import ClientRun
from npf_pipelines.state.hold_actions import held_orders, read_hold_actions

Row = dict[str, Any]
_COLUMNS = ("release_at", "changed_at", "content", "wanted_since")


@dataclass(frozen=True)
class OrderHolds:
    """A client's holds, as they were when its part of the run began."""

    client_run: ClientRun
    rules: HoldRules
    actions: Mapping[str, HoldAction]

    def held_now(self) -> Collection[str]:
        """The ids of the orders that a person holds at this moment: one may have been held since the decision."""
        return held_orders(self.client_run.services.state, self.client_run.client)

    def decided(
        self,
        order: Order | UnreadableOrder,
        verdict: Verdict,
        before: Row | None,
        *,
        is_imported: bool,
        wanted: Collection[str],
    ) -> tuple[Verdict, Row]:
        """The decision with the holds, and the columns of its row that belong to them.

        Args:
            order: the order.
            verdict: the decision without holds.
            before: the order's row as the last run left it; None if there was none.
            is_imported: whether the platform has the order, and not as one that is taken up again now: then nothing
                holds it any more.
            wanted: the letters of the statuses in which orders are imported.
        """
        columns: Row = dict.fromkeys(_COLUMNS)
        if is_imported or not isinstance(order, Order):
            if before:
                columns |= {name: before[name] for name in _COLUMNS if name != "release_at"}
            return self._with_release(verdict, order), columns
        now = self.client_run.now
        if self.client_run.setup.orders.cut_off and order.status in wanted:
            known = (before["status"] in wanted, before["wanted_since"]) if before else None
            columns["wanted_since"] = wanted_since(order, known, now)
        if self.rules.grace:
            seen = Version(before["content"], before["changed_at"]) if before and before["content"] else None
            columns |= version_of(order, seen, now)._asdict()
        if verdict.decision is not Decision.ACCEPTED:
            return verdict, columns
        hold = hold_of(order, self.rules, self.actions.get(order.order_id), columns["changed_at"], now)
        if hold is None:
            return self._with_release(verdict, order), columns
        return verdict_of(hold.rule, hold.reason), columns | {"release_at": hold.release_at}

    def _with_release(self, verdict: Verdict, order: Order | UnreadableOrder) -> Verdict:
        """The decision, naming the person who released the order."""
        action = self.actions.get(order.order_id or "")
        if action is None or action.is_hold or verdict.decision is not Decision.ACCEPTED:
            return verdict
        return replace(verdict, reason=f"{verdict.reason}; {action.words}")


def read_holds(client_run: ClientRun) -> OrderHolds:
    """The client's holds now."""
    actions = read_hold_actions(client_run.services.state, client_run.client)
    return OrderHolds(client_run, hold_rules(client_run.setup), actions)
