"""The kind of a flow's last failure, in place of the bit whether it is permanent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep the kind of each failure that is stored: it follows from what was stored until now."""
    with op.batch_alter_table("health") as table:
        table.add_column(sa.Column("kind", sa.Text, nullable=False, server_default=""))
    column = sa.column
    reason: sa.ColumnClause[str] = column("reason")
    stopped = reason.startswith("the change limit was exceeded") | reason.startswith("the brake fell")
    kind = sa.case(
        (column("is_permanent") & column("next_try_at").is_(None), "lasting"),
        (column("is_permanent"), "mendable"),
        (stopped, "over_limit"),
        (column("next_try_at").is_(None), "partial"),
        else_="passing",
    )
    health = sa.table("health", sa.column("kind"), sa.column("failures"))
    op.execute(sa.update(health).where(health.c.failures > 0).values(kind=kind))
    with op.batch_alter_table("health") as table:
        table.alter_column("kind", server_default=None)
        table.drop_column("is_permanent")
