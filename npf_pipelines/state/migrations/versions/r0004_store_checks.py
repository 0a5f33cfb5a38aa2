"""The latest check of each client's store."""

from alembic import op

from npf_pipelines.database import integer_column, text_column, time_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table, empty."""
    op.create_table(
        "store_checks",
        text_column("client", primary_key=True),
        time_column("checked_at"),
        text_column("findings"),
        integer_column("requests"),
    )
