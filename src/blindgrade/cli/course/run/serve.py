"""Run `course serve`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.exits import BAD_REQUEST, GRADER_FAILED, say, stops
from blindgrade.service import waking
from blindgrade.service.database.connect import DatabaseError
from blindgrade.service.indexing import reindex as reindexed
from blindgrade.service.places import Settings
from blindgrade.service.service import Service
from blindgrade.service.serving import ServeError, Serving, listen
from blindgrade.service.setting_up import prepared, settings_for


def serve(
    data: Path | None,
    database: str | None,
    attempts: Path | None,
    host: str,
    port: int,
    url: str | None,
    workers: int | None,
    cluster: str | None,
    mark_after: float,
    reindex: bool,
    sandbox: str,
) -> None:
    """Serve until somebody stops it."""
    with stops(BAD_REQUEST, CourseError, UnknownId, DatabaseError, ServeError, StoreError, OSError):
        catalog = Catalog.locate()
        catalog.find(["all"])  # a mistake in the course is shown now and not by the first submission
        settings = settings_for(
            catalog, data, attempts, database, url or "",
            workers=workers or os.cpu_count() or 1, cluster=cluster, sandbox=sandbox, mark_after=mark_after,
        )  # fmt: skip
        if reindex:
            _reindex(settings)
            return
        opened = listen(host, port)
        shown = f"[{host}]" if ":" in host else host
        here = f"http://{shown}:{opened.getsockname()[1]}"
        settings = replace(settings, url=(url or here).rstrip("/"), wake=waking.pair())
        prepared(settings, note_url=True).close()
    if sandbox == "process":
        say("--sandbox process: STUDENTS' CODE RUNS AS YOU, with your files and the course's solutions in its reach.")
    with stops(GRADER_FAILED, ServeError):
        Serving(settings, opened, say).run(lambda: _ready(settings, here))
    click.echo("stopped; what was accepted waits in the data folder")


def _ready(settings: Settings, here: str) -> None:
    click.echo(f"serving {settings.course.name} at {here}" + (f" for {settings.url}" if settings.url != here else ""))
    click.echo(f"data in {settings.data}, attempts in {settings.attempts}; Ctrl-C stops")
    sys.stdout.flush()


def _reindex(settings: Settings) -> None:
    service = Service(settings)
    prepared(settings, note_url=False).close()
    attempts, linked = reindexed(service)
    click.echo(
        f"{attempts} attempts are in the index; {linked} submissions got back the attempt that they did not name"
    )
    service.database.close()
