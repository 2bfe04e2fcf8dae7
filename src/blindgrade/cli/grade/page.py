"""`grade --report` and `--open`: write the page of a grading, and open it in a browser."""

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
    """Write the page, open it with `--open`, and print its path on standard error."""
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
    """Write the page with the course's theme and templates. OSError if the file cannot be written."""
    lessons = {target.files.entry.id: target.lesson for target in targets}
    found = figures.found if figures is not None else []
    look = look_of(catalog)
    page = report(grading, catalog.course, lessons, past=past, known=known, figures=found, look=look)
    write_whole(path, page)


def open_report(path: Path) -> bool:
    """Open the page in a browser. Return False if there is none."""
    return webbrowser.open(path.resolve().as_uri())
