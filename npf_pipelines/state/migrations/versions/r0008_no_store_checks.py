"""No store_checks: nothing has read the table."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("store_checks")
