"""Alembic runs this module for each migration. The connection comes from `database.upgrade`."""

from __future__ import annotations

from alembic import context

from blindgrade.service.database.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,  # SQLite changes a table by a copy
)
with context.begin_transaction():
    context.run_migrations()
