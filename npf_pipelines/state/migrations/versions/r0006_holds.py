"""The tables of held orders: what people have held and released, and when orders are decided on again."""

import sqlalchemy as sa
from alembic import op

from npf_pipelines.database import UtcDateTime, text_column, time_column

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create them, empty."""
    op.create_table(
        "hold_actions",
        text_column("client", primary_key=True),
        text_column("order_id", primary_key=True),
        sa.Column("is_hold", sa.Boolean, nullable=False),
        time_column("acted_at"),
        text_column("acted_by"),
        text_column("reason"),
    )
    op.create_table(
        "due_decisions",
        text_column("client", primary_key=True),
        text_column("day", primary_key=True),
        sa.Column("due_at", UtcDateTime, primary_key=True),
    )
