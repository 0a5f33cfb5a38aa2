"""The tables that releases until November 2026 kept in the platform's database, as they were then."""

from alembic import op

from npf_pipelines.state.earlier_release import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them, empty."""
    metadata.create_all(op.get_bind(), checkfirst=False)
