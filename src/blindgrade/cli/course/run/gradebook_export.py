"""Run `course gradebook export`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.gradebook_scores import scores
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, stops
from blindgrade.gradebook import plain
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.scores import LessonScores
from blindgrade.policies import feedback_level
from blindgrade.roster.matching import Roster
from blindgrade.systems.canvas import export as canvas
from blindgrade.systems.moodle import worksheet as moodle


def export(
    lessons: tuple[str, ...],
    attempts: Path | None,
    count: str | None,
    before_penalties: bool,
    roster: Path | None,
    kind: str,
    to: Path | None,
    worksheet: Path | None,
    columns: tuple[str, ...],
) -> None:
    """Write scores as a file of the other system, or to standard output."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError, OSError):
        catalog = Catalog.locate()
        found = list(scores(catalog, lessons, attempts, count, before_penalties))
        filled = _filled(catalog, kind, found, people, worksheet, columns)
        if to is None:
            click.echo(filled.text, nl=False)
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(filled.text, encoding="utf-8", newline="")
    say_notes(filled.notes)
    click.echo(f"{filled.written} scores{f' in {to}' if to else ''}", err=True)


def _filled(
    catalog: Catalog,
    kind: str,
    scores: list[LessonScores],
    roster: Roster,
    worksheet: Path | None,
    columns: tuple[str, ...],
) -> Filled:
    notes = [note for lesson in scores for note in lesson.notes]
    titles = {lesson.lesson: f"{lesson.lesson} {catalog.files(lesson.lesson).entry.title}" for lesson in scores}
    text = _read(worksheet) if worksheet else ""
    if kind == "csv":
        filled = Filled(plain.table(scores, roster), sum(len(lesson.attempts) for lesson in scores), [])
    elif kind == "canvas" and not worksheet:
        filled = canvas.make(scores, titles, roster)
    elif kind == "canvas":
        filled = canvas.fill(text, scores, titles, roster)
    elif worksheet and len(scores) == 1:
        level = feedback_level(scores[0].lesson, catalog.course.policy, datetime.now(UTC))
        filled = moodle.fill(text, scores[0], roster, _columns(columns), level)
    else:
        raise GradebookError(
            "Moodle has a worksheet for each lesson: name one lesson, and its worksheet with --worksheet (in Moodle:"
            " View all submissions, Download grading worksheet)"
        )
    students = sorted({student for lesson in scores for student in lesson.attempts})
    filled.notes += [*notes, *roster.strangers(students)]
    return filled


def _columns(given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    if len(pairs) != len(given) or not set(pairs) <= set(moodle.TITLES):
        raise GradebookError(f"--column is KIND=TITLE, and KIND one of {', '.join(moodle.TITLES)}; correct it")
    return pairs


def _read(worksheet: Path) -> str:
    try:
        return worksheet.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GradebookError(f"{worksheet} cannot be read as UTF-8 text ({error}); download it again") from None
