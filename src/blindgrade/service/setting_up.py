"""The settings of a service, from what was asked: its folders, its database in this version, its address."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from blindgrade.catalog import Catalog
from blindgrade.service.database.connect import Database, DatabaseError
from blindgrade.service.database.tables import Setting
from blindgrade.service.database.upgrade import is_current, upgrade
from blindgrade.service.places import Settings, embedded, make_data

URL = "url"
LOCAL_PORT = 8000


def settings_for(
    catalog: Catalog, data: Path | None, attempts: Path | None, database: str | None, url: str = "", **more: object
) -> Settings:
    """Settings of the service in a data folder. OSError if the folder cannot be made."""
    folder = (data or catalog.service).resolve()
    make_data(folder)
    own = (folder / "attempts") if data is not None else catalog.attempts
    return Settings(
        course=catalog.root,
        data=folder,
        attempts=(attempts or own).resolve(),
        database=database or embedded(folder),
        url=url or known_url(folder, database),
        **more,  # type: ignore[arg-type]  # fields of Settings
    )


def known_url(data: Path, database: str | None) -> str:
    """Address that the service noted when it was started last; a guess if it never was."""
    guess = f"http://127.0.0.1:{LOCAL_PORT}"
    if database is None and not (data / "service.db").exists():
        return guess
    opened = Database(database or embedded(data))
    try:
        opened.check()
        if not is_current(opened):
            return guess
        with opened.reading() as session:
            return session.scalar(select(Setting.value).where(Setting.name == URL)) or guess
    except DatabaseError:
        return guess
    finally:
        opened.close()


def prepared(settings: Settings, *, note_url: bool) -> Database:
    """The database, brought to this version. DatabaseError if that is not possible."""
    database = Database(settings.database)
    database.check()
    if not is_current(database):
        upgrade(database)
    if note_url:
        with database.writing() as session:
            session.merge(Setting(name=URL, value=settings.url))
    return database
