"""The migrations of the state's database, by Alembic. The state's `open_state` runs them; nobody has to.

A change of state/tables.py comes with a new file in versions/: copy the newest one, give it a revision of its own,
and put the newest revision into `down_revision`.
"""
