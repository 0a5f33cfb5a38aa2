"""The tables of the pipeline's own database.

Times are UTC. A change of a table here needs a migration (migrations/), which a test compares with this file.
Not here: how the database is opened (database.py), reads and writes (the file named after each table).
"""

import sqlalchemy as sa

from npf_pipelines.database import UtcDateTime, integer_column, number_column, text_column, time_column
from npf_pipelines.state.database_clock import boot_columns

metadata = sa.MetaData()

cell = sa.Table("cell", metadata, text_column("name", primary_key=True))
"""The cell that the state belongs to: one row, with an empty name for a code location without a cell."""

leases = sa.Table(
    "leases",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    text_column("holder"),
    time_column("expires_at"),
    *boot_columns(),
)
"""Who may write to a client's store at the moment: one row for each client and flow."""

pauses = sa.Table(
    "pauses",
    metadata,
    text_column("client", primary_key=True),
    time_column("paused_at"),
    text_column("paused_by"),
    text_column("reason"),
)
"""The clients that people have paused; `*` is every client."""

hold_actions = sa.Table(
    "hold_actions",
    metadata,
    text_column("client", primary_key=True),
    text_column("order_id", primary_key=True),
    sa.Column("is_hold", sa.Boolean, nullable=False),
    time_column("acted_at"),
    text_column("acted_by"),
    text_column("reason"),
)
"""The latest action of a person on each order: a hold, or a release."""

due_decisions = sa.Table(
    "due_decisions",
    metadata,
    text_column("client", primary_key=True),
    # ISO, as in open_rows.
    text_column("day", primary_key=True),
    sa.Column("due_at", UtcDateTime, primary_key=True),
)
"""When orders of a client's day have to be decided on again: a held order is released then."""

unknown_ends = sa.Table(
    "unknown_ends",
    metadata,
    text_column("client", primary_key=True),
    text_column("order_number", primary_key=True),
    text_column("write"),
    time_column("until"),
    *boot_columns(),
)
"""Orders for which a store may still carry out a write: which write, and until when."""

health = sa.Table(
    "health",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    time_column("tried_at", nullable=True),
    time_column("last_success_at", nullable=True),
    time_column("failing_since", nullable=True),
    integer_column("failures"),
    text_column("reason"),
    time_column("next_try_at", nullable=True),
    text_column("setup_print"),
    # A FailureKind; empty after a success.
    text_column("kind"),
)
"""How each client's flow is doing: one row for each client and flow."""

open_items = sa.Table(
    "open_rows",
    metadata,
    text_column("client", primary_key=True),
    text_column("kind", primary_key=True),
    # ISO; empty for tables without days, for a key may not be NULL.
    text_column("day", primary_key=True),
    text_column("flow"),
    integer_column("rows"),
    text_column("first"),
)
"""How many rows of each client's tables are not done, by kind and day."""

pending_recounts = sa.Table(
    "uncounted",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    text_column("day", primary_key=True),
    text_column("run", primary_key=True),
)
"""Partitions that runs have written and not yet counted in open_rows."""

client_stores = sa.Table(
    "client_stores",
    metadata,
    text_column("client", primary_key=True),
    text_column("address", primary_key=True),
)
"""Which client has worked with which store, by the store's comparable address."""

counters = sa.Table(
    "counters",
    metadata,
    text_column("client", primary_key=True),
    text_column("flow", primary_key=True),
    text_column("name", primary_key=True),
    number_column("value"),
    # When the row was first written.
    time_column("since"),
)
"""The counters of each client's flow, for the metrics. A value only grows."""

alerts = sa.Table(
    "alerts",
    metadata,
    text_column("key", primary_key=True),
    text_column("client"),
    text_column("kind"),
    text_column("text"),
    text_column("what_to_do"),
    time_column("since"),
    time_column("due_at"),
    time_column("told_at", nullable=True),
    time_column("over_at", nullable=True),
    time_column("over_told_at", nullable=True),
)
"""Alerts, open and resolved: one row for each condition."""


def of_clients(*but: sa.Table) -> list[sa.Table]:
    """The tables whose rows belong to clients, without the named ones."""
    return [table for table in metadata.sorted_tables if "client" in table.c and table not in but]
