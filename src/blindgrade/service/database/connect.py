"""Connections to the database: SQLite in one file by default, PostgreSQL by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

BUSY_SECONDS = 20
WRITES = "blindgrade_writes"


class DatabaseError(Exception):
    """The database cannot be used. The message says what to do."""


class Database:
    """The database at a URL. Each block of `reading` and `writing` is one transaction.

    Without `durable`, a power cut may undo the last transactions in SQLite, in their order. The grader needs no more:
    it does the same work again and finds the attempts that it wrote.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        try:
            self.sqlite = make_url(url).get_backend_name() == "sqlite"
            self.engine = _engine(url, self.sqlite, durable)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise DatabaseError(
                f"--database: {error}; write postgresql+psycopg2://USER@HOST/NAME, with psycopg2 installed"
            ) from None
        self._writing = self.engine.execution_options(**{WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Session that reads one state of the database."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Session whose changes are durable when the block ends, all of them or none."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def check(self) -> None:
        """DatabaseError if the database does not answer."""
        try:
            with self.engine.connect():
                pass
        except SQLAlchemyError as error:
            shown = self.engine.url.render_as_string(hide_password=True)
            raise DatabaseError(f"the database at {shown} does not answer ({_first_line(error)})") from None


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _engine(url: str, sqlite: bool, durable: bool) -> Engine:
    if not sqlite:
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _open(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        cursor = connection.cursor()
        # FULL: a commit is on the disk before the student reads that the submission was accepted.
        for pragma in ("journal_mode=WAL", f"synchronous={'FULL' if durable else 'NORMAL'}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes then would fail if another wrote in between.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
