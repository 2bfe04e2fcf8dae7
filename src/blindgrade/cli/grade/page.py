"""`grade --report`: the page of a grading, written to a file and opened if asked for."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from blindgrade.catalog import Catalog, Target
from blindgrade.cli.exits import BAD_REQUEST, stop
from blindgrade.cli.grade.job import Job
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.files import write_whole
from blindgrade.models import Attempt, ExerciseResult, Grading
from blindgrade.render.html.look import look_of
from blindgrade.render.html.report import report


def deliver_page(
    job: Job,
    grading: Grading,
    *,
    past: Sequence[Attempt],
    known: Mapping[str, Sequence[ExerciseResult]] | None,
    figures: CollectedFigures | None,
) -> None:
    """Write the page, open it if that was asked for, and name it on standard error."""
    page = Path(job.wanted["report"]) if job.wanted["report"] else job.catalog.page(job.ids, "student")
    try:
        write_report(page, job.catalog, job.targets, grading, past=past, known=known, figures=figures)
    except OSError as error:
        stop(f"the report could not be written to {page} ({error.strerror}); name another --report FILE.html",
             BAD_REQUEST)  # fmt: skip
    opened = job.wanted["open_it"] and open_report(page)
    found = opened or not job.wanted["open_it"]
    click.echo(f"  Report: {page}{'' if found else ' (no browser was found to open it)'}", err=True)


def write_report(
    path: Path,
    catalog: Catalog,
    targets: Sequence[Target],
    grading: Grading,
    *,
    past: Sequence[Attempt] = (),
    known: Mapping[str, Sequence[ExerciseResult]] | None = None,
    figures: CollectedFigures | None = None,
) -> None:
    """Write the page, as the course's pages look. OSError if the file cannot be written."""
    lessons = {target.files.entry.id: target.lesson for target in targets}
    found = figures.found if figures is not None else []
    look = look_of(catalog)
    page = report(grading, catalog.course, lessons, past=past, known=known, figures=found, look=look)
    write_whole(path, page)


def open_report(path: Path) -> bool:
    """Show the page in a browser; False if there is none."""
    return webbrowser.open(path.resolve().as_uri())
