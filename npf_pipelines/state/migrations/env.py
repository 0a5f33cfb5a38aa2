"""Run by Alembic for each upgrade: the migrations, in the transaction that `open_state` has begun."""

from alembic import context

from npf_pipelines.state.database import VERSION_TABLE
from npf_pipelines.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite can't alter a column: Alembic makes the table again.
    render_as_batch=True,
)
context.run_migrations()
