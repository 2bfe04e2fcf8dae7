"""Migrations, with SQLite and with a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from blindgrade.service.database.connect import Database, DatabaseError
from blindgrade.service.database.tables import Job, Person, Submission, Table
from blindgrade.service.database.upgrade import is_current, upgrade

from ...postgres_server import new_database, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/service.db"
    return new_database(request.getfixturevalue("server"), f"db_{abs(hash(tmp_path))}")


def test_an_empty_database_gets_exactly_the_tables_of_the_models(url: str) -> None:
    database = Database(url)
    assert not is_current(database)
    upgrade(database)
    assert is_current(database)
    upgrade(database)  # nothing is left to do
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Table.metadata) == []
        indexes = {one["name"]: one["unique"] for one in inspect(connection).get_indexes("jobs")}
    assert indexes["jobs_one_waits"] and indexes["jobs_one_in_flight"]
    database.close()


def test_the_rules_of_the_queue_are_in_the_database_too(url: str) -> None:
    database = Database(url)
    upgrade(database)
    job = {"person_id": 1, "lesson": "l", "lane": "mark", "position": 1.0, "submission": "s"}
    with database.writing() as session:
        session.add(Person(id=1, student="ana", created_at=0.0))
        session.flush()
        session.add(Submission(uuid="s", person_id=1, lesson="l", number=1, digest="d", accepted_at=1.0))
        session.flush()
        session.add_all([Job(purpose="mark", state="waiting", **job) for _ in range(3)])
    for state, purpose in (("leased", "mark"), ("waiting", "feedback")):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.add_all([Job(purpose=purpose, state=state, **job) for _ in range(2)])
    database.close()


def test_a_database_of_a_newer_version_is_refused_and_not_changed(url: str) -> None:
    database = Database(url)
    upgrade(database)
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="another version"):
        upgrade(database)
    database.close()


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    database = Database("postgresql+psycopg2://grader:secret@localhost:1/none")
    with pytest.raises(DatabaseError) as caught:
        database.check()
    assert "localhost" in str(caught.value) and "secret" not in str(caught.value)
    with pytest.raises(DatabaseError, match="--database"):
        Database("no url")
