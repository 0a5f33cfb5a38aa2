"""The table of the clients that people have paused."""

from alembic import op

from npf_pipelines.database import text_column, time_column

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create it, empty."""
    op.create_table(
        "pauses",
        text_column("client", primary_key=True),
        time_column("paused_at"),
        text_column("paused_by"),
        text_column("reason"),
    )
