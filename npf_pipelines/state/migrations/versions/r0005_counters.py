"""The counters of each client's flow."""

from alembic import op

from npf_pipelines.database import number_column, text_column, time_column

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table, empty."""
    op.create_table(
        "counters",
        text_column("client", primary_key=True),
        text_column("flow", primary_key=True),
        text_column("name", primary_key=True),
        number_column("value"),
        time_column("since"),
    )
