"""Everything that the references are generated from. Only this module knows where the package keeps it.

Not here: how it is written as Markdown (references.py).
"""

import ast
import enum
import inspect
import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.config.settings import Settings
from npf_pipelines.domain.alert import AlertKind
from npf_pipelines.domain.outcomes import Decision, OrderOutcome, PushOutcome, Rule, StatusOutcome, StockOutcome
from npf_pipelines.domain.platform_orders import OrderStatus
from npf_pipelines.lake.tables import TABLES as LAKE_TABLES
from npf_pipelines.platform.tables import kits
from npf_pipelines.platform.tables import metadata as platform_metadata
from npf_pipelines.state.tables import metadata as state_metadata

__all__ = ["LAKE_TABLES", "PLATFORM_TABLES", "STATE_TABLES", "MasterSetup", "Outcomes", "Settings", "outcome_groups"]

_CONTRACT = ("orders", "order_lines", "shipments", "shipment_lines", "stock")
PLATFORM_TABLES: Sequence[sa.Table] = [*(platform_metadata.tables[name] for name in _CONTRACT), kits]
"""The tables of NPF's platform, in the contract's order."""
STATE_TABLES: Sequence[sa.Table] = list(state_metadata.tables.values())
"""The pipeline's own tables."""


@dataclass(frozen=True)
class Outcome:
    """One value of an outcome column, as the reference shows it.

    Attributes:
        value: the value that is stored.
        words: its meaning.
        what_to_do: for the person who has to act; empty where nobody has to.
    """

    value: str
    words: str
    what_to_do: str


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of one column.

    Attributes:
        title: the heading in the reference.
        column: the column that holds the values, as `table.column`.
        members: the outcomes, in the order of the code.
    """

    title: str
    column: str
    members: Sequence[Outcome]


def outcome_groups() -> list[Outcomes]:
    """Every outcome of the pipeline, by column."""
    return [
        _group("Decision on an order", "filtered_orders.decision", Decision),
        _group("Rule behind the decision", "filtered_orders.rule", Rule),
        _group("Order on the platform", "platform_orders.outcome", OrderOutcome),
        _group("Order status on the platform", "orders.status (platform)", OrderStatus),
        _group("Shipment in the store", "tracking_push.outcome", PushOutcome),
        _group("Order status in the store", "tracking_push.status_outcome", StatusOutcome),
        _group("Amount of a SKU in the store", "stock_push.outcome", StockOutcome),
        _group("Alert", "alerts.kind (state)", AlertKind),
    ]


def _group(title: str, column: str, outcomes: type[enum.StrEnum]) -> Outcomes:
    docstrings = _member_docstrings(outcomes)
    return Outcomes(title, column, [_outcome(member, docstrings.get(member.name, "")) for member in outcomes])


def _outcome(member: enum.StrEnum, docstring: str) -> Outcome:
    # Statuses of the platform and kinds of alerts are plain enums, which carry nothing.
    words: str = getattr(member, "words", "")
    what_to_do: str = getattr(member, "what_to_do", "")
    if getattr(member, "waits", False):
        what_to_do = "Nothing: the next run tries again."
    return Outcome(str(member), ". ".join(part for part in (words, docstring) if part), what_to_do)


def _member_docstrings(outcomes: type[enum.StrEnum]) -> dict[str, str]:
    """The docstring below each member, which Python doesn't keep at run time."""
    (body,) = [
        node.body
        for node in ast.parse(textwrap.dedent(inspect.getsource(outcomes))).body
        if isinstance(node, ast.ClassDef)
    ]
    found = {}
    for member, below in itertools.pairwise(body):
        match member, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return found
