"""Migrations of the database by Alembic: `course serve` brings the database to this version when it starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from blindgrade.service.database.connect import Database, DatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Bring the database to this version. DatabaseError if it is of a newer version of blindgrade."""
    config = configuration()
    with database.writing() as session:
        connection = session.connection()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseError(
                f"the database was made by another version of blindgrade ({error}); install that version, or restore"
                " the backup from before the upgrade"
            ) from None


def is_current(database: Database) -> bool:
    """Has the database the tables of this version?"""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def configuration() -> Config:
    """Configuration of Alembic without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
