"""Stock amounts, brought into a client's store: only what differs is written, and what was written is read back.

Each reading of the store serves two ends: it reads back the last writes, and shows that the next products have not
changed since they were compared. Not here: which amount is right (rules/stock.py), the step that follows from a
reading (rules/stock_step.py), sales meanwhile (sales.py).
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from npf_pipelines.cscart.errors import StoreError
from npf_pipelines.cscart.gather_or_cancel import gather_or_cancel
from npf_pipelines.cscart.store import Store
from npf_pipelines.cscart.write_check import writes_checked
from npf_pipelines.domain.outcomes import StockOutcome
from npf_pipelines.domain.products import Product, UnreadableProduct
from npf_pipelines.domain.work_meter import note_done, plan_work
from npf_pipelines.reconcile.failure_policy import raise_if_permanent
from npf_pipelines.reconcile.sales import Sales, Sold
from npf_pipelines.rules.same_sku import WHOLE, Share
from npf_pipelines.rules.stock import RIGHT, StockRow, TargetAmount, what_to_correct
from npf_pipelines.rules.stock_location import Scope
from npf_pipelines.rules.stock_step import AmountRead, Done, LastKnown, Write, next_step
from npf_pipelines.state.lease import Lease

_NEW_AT_ONCE = 50
"""New products in a reading, beside its products to read back: the time between reading and writing stays short."""
_WRITES = 5
"""Writes of one product in one run."""


async def push_amounts(
    store: Store,
    rows: Sequence[StockRow],
    targets: Mapping[str, TargetAmount],
    sales: Sales,
    lease: Lease,
    *,
    scope: Scope,
    shares: Mapping[str, Share],
    ended: Callable[[StockRow], object],
) -> list[StockRow]:
    """Bring the store to where every planned product has its amount.

    Args:
        store: the client's store.
        rows: the plan; rows without an outcome are written.
        targets: the amount by SKU.
        sales: the client's orders, listed before the count.
        lease: the client's lease, held.
        scope: which amount of a product is compared and written; learns from what the store shows.
        shares: the shares of the products that split an amount, by product key.
        ended: called with each row as soon as it has its outcome: a push may be cut off before it returns.

    Returns:
        The rows, each with an outcome.

    Raises:
        StoreError: a permanent one (key, rights).
        LeaseLost: another run may have begun to write.
        Paused: a person has paused the client.
    """
    push = _Push(store, targets, sales, scope=scope, shares=shares, ended=ended)
    # An amount that is written twice does no harm: the next run compares it again. So no renewal is needed.
    with writes_checked(lease.check_store_write):
        due = [row for row in rows if row.outcome is None]
        plan_work("products", len(due))
        # A share is raised only after the others are lowered: in between no unit is offered twice.
        lowered = [row for row in due if row.product_id in shares and (row.wanted or 0) < (row.before or 0)]
        done = {id(row): after for row, after in await push.run(lowered)}
        kept = {row.sku for row in lowered if done[id(row)].outcome not in RIGHT}
        raised = [row for row in due if id(row) not in done]
        done |= {id(row): push.left(row) for row in raised if row.product_id in shares and row.sku in kept}
        done |= {id(row): after for row, after in await push.run(row for row in raised if id(row) not in done)}
    return [done.get(id(row), row) for row in rows]


@dataclass
class _Item:
    """One product while it is worked on."""

    row: StockRow
    last_known: LastKnown
    writes: int = 0
    failure: StoreError | None = None
    by_location: bool = False

    @property
    def key(self) -> str:
        return self.row.product_id or ""


class _Push:
    def __init__(
        self,
        store: Store,
        targets: Mapping[str, TargetAmount],
        sales: Sales,
        *,
        scope: Scope,
        shares: Mapping[str, Share],
        ended: Callable[[StockRow], object],
    ) -> None:
        self._store, self._targets, self._sales = store, targets, sales
        self._scope, self._shares, self._ended = scope, shares, ended
        self._done: list[tuple[StockRow, StockRow]] = []

    def left(self, row: StockRow) -> StockRow:
        """The end of a row whose share is still with another product."""
        self._end(
            _Item(row, LastKnown(row.before or 0)),
            StockOutcome.MOVED,
            "another product with this code still has more than its share: left to the next round",
        )
        return self._done[-1][1]

    async def run(self, due: Iterable[StockRow]) -> list[tuple[StockRow, StockRow]]:
        """Each row, and what became of it."""
        waiting = deque(_Item(row, LastKnown(row.before or 0)) for row in due)
        in_hand: list[_Item] = []
        while waiting or in_hand:
            in_hand += [waiting.popleft() for _ in range(min(_NEW_AT_ONCE, len(waiting)))]
            try:
                found = await self._store.products_by_key([item.key for item in in_hand])
                sold = await self._sales.sold()
            except StoreError as error:
                raise_if_permanent(error)
                for item in (*in_hand, *waiting):
                    self._end(item, StockOutcome.WAITING, str(error))
                break
            in_hand = [item for item in in_hand if self._decide(item, found.get(item.key), sold)]
            # The scarcest first: a sale between reading and writing hurts most there.
            await gather_or_cancel(
                self._write(item) for item in sorted(in_hand, key=lambda item: item.last_known.amount)
            )
        return self._done

    def _decide(self, item: _Item, product: Product | UnreadableProduct | None, sold: Sold) -> bool:
        """Whether the item is to be written now; `last_known` is then the amount to write."""
        if isinstance(product, UnreadableProduct):
            written = "written, and not read back: " if item.writes else ""
            self._end(item, StockOutcome.UNREADABLE, written + what_to_correct(product.reason))
            return False
        if product is None or product.sku != item.row.sku:
            self._end(item, StockOutcome.MOVED, "the product is gone, or has another code now: left to the next round")
            return False
        item.by_location = item.by_location or self._scope.is_split(product)
        target = self._targets[item.row.sku].split(self._shares.get(item.key, WHOLE))
        amount_read = AmountRead(
            self._scope.amount(product),
            sold.taken[product.product_id, product.sku],
            target.sold(product.sku, sold.in_flight),
        )
        step: Done | Write
        if item.writes and item.by_location and not self._scope.can_read_back(product):
            step = self._after_unseen(item, product, target.after(amount_read.sold))
        else:
            step = next_step(target, item.last_known, amount_read)
        if isinstance(step, Done) and step.outcome is StockOutcome.REFUSED:
            step = self._not_taken(item, step, Write(target.after(amount_read.sold)))
        if isinstance(step, Write) and item.writes == _WRITES:
            said = str(item.failure) if item.failure else f"the amount is {amount_read.amount} after {_WRITES} writes"
            step = Done(StockOutcome.WAITING, f"{said}: left to the next run")
        if isinstance(step, Done):
            self._end(item, step.outcome, step.reason)
            return False
        item.last_known = LastKnown(step.amount, amount_read.taken, before=amount_read.amount)
        return True

    def _after_unseen(self, item: _Item, product: Product, target: int) -> Done | Write:
        """After a write to a location whose amount the store doesn't show: its answer is all there is to go by."""
        if item.failure is not None:
            return Write(target) if item.failure.transient else Done(StockOutcome.REFUSED, str(item.failure))
        self._scope.learn(product, item.last_known.amount)
        if item.last_known.amount > target:
            return Write(target)  # A sale was overwritten, or came since: what is sold must not be offered.
        return Done(
            StockOutcome.CONFIRMED,
            f"written to {self._scope.named}, of which the store shows no amount to read back",
        )

    def _not_taken(self, item: _Item, refused: Done, again: Write) -> Done | Write:
        """The store has the amount that it had; the next step depends on its answer to the write."""
        if item.failure is not None:
            return again if item.failure.transient else Done(StockOutcome.REFUSED, str(item.failure))
        if self._scope.locations and not item.by_location and "/" not in item.key:
            # Known behaviour: stock that is split over warehouses takes no plain amount, and says nothing of it.
            item.by_location = True
            return again
        hint = (
            f"it doesn't take amounts for the {self._scope.named}: check the product in the store"
            if self._scope.locations
            else "its stock is probably split over warehouses: name the location to write in stock.store_location"
        )
        return Done(StockOutcome.REFUSED, f"{refused.reason}; {hint}")

    async def _write(self, item: _Item) -> None:
        item.writes += 1
        item.failure = None
        amount = item.last_known.amount
        try:
            if item.by_location:
                await self._store.set_shares(item.key, self._scope.shares(amount))
            else:
                await self._store.set_amount(item.key, amount)
        except StoreError as error:
            raise_if_permanent(error)
            item.failure = error

    def _end(self, item: _Item, outcome: StockOutcome, reason: str) -> None:
        reason = f"{item.row.reason}: {reason}" if outcome is not StockOutcome.ALREADY_RIGHT else reason
        written = item.last_known.amount if item.writes else item.row.wanted
        after = replace(item.row, wanted=written, outcome=outcome, reason=reason)
        self._done.append((item.row, after))
        note_done("products")
        self._ended(after)
