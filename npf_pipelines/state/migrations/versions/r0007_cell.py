"""The mark of the cell that the state belongs to."""

from alembic import op

from npf_pipelines.database import text_column

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table, empty: `npf init`, or the next run, marks the state."""
    op.create_table("cell", text_column("name", primary_key=True))
