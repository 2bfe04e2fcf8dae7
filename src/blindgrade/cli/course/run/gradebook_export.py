"""Run `course gradebook export`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from blindgrade.attempts.handed_in import Count
from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.run.gradebook_scores import Scores, up_to_date_scores
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import BAD_REQUEST, SOME_NOT, stops
from blindgrade.gradebook import plain
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.marks import NoShows, about_absent
from blindgrade.policies import feedback_level
from blindgrade.roster.matching import Roster
from blindgrade.submitted import NoSubmissions
from blindgrade.systems.canvas import export as canvas
from blindgrade.systems.moodle import worksheet as moodle


@dataclass(frozen=True)
class _Asked:
    """Options of the file."""

    kind: str
    worksheet: Path | None
    columns: tuple[str, ...]
    no_shows: NoShows | None
    exercises: bool


def export(
    lessons: tuple[str, ...],
    attempts: Path | None,
    submitted: Path | None,
    count: Count | None,
    before_penalties: bool,
    stale: bool,
    roster: Path | None,
    kind: str,
    to: Path | None,
    worksheet: Path | None,
    columns: tuple[str, ...],
    no_shows: NoShows | None,
    exercises: bool,
) -> None:
    """Write scores as a file of the other system, or to standard output."""
    people = roster_at(roster)
    asked = _Asked(kind, worksheet, columns, no_shows, exercises)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError, StoreError, NoSubmissions, OSError):
        _check(asked, people)
        catalog = Catalog.locate()
        scores = up_to_date_scores(catalog, lessons, attempts, submitted, count, before_penalties, stale)
        filled = _filled(catalog, scores, people, asked)
        if to is None:
            click.echo(filled.text, nl=False)
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(filled.text, encoding="utf-8", newline="")
    say_notes(filled.notes)
    say_notes(filled.news)
    click.echo(f"{filled.written} scores{f' in {to}' if to else ''}", err=True)
    if filled.unwritten:
        are = "1 score is" if filled.unwritten == 1 else f"{filled.unwritten} scores are"
        click.echo(f"{are} not in the file; the notes say why", err=True)
        sys.exit(SOME_NOT)
    sys.exit(scores.code)


def _check(asked: _Asked, roster: Roster) -> None:
    """GradebookError if options do not fit together."""
    if asked.no_shows and not roster.people:
        raise GradebookError("--no-shows is about the students of the roster; name its file with --roster")
    if asked.exercises and asked.kind == "moodle":
        raise GradebookError(
            "Moodle's worksheet has one grade; its feedback lists the exercises. Leave out --exercises"
        )
    if asked.columns and asked.kind == "csv":
        raise GradebookError("--column is for --as canvas and --as moodle; leave it out")
    if asked.worksheet and asked.kind == "csv":
        raise GradebookError("--worksheet is for --as canvas and --as moodle; leave it out")


def _filled(catalog: Catalog, found: Scores, roster: Roster, asked: _Asked) -> Filled:
    scores = list(found.read())
    notes = [note for lesson in scores for note in lesson.notes]
    titles = {lesson.lesson: f"{lesson.lesson} {catalog.files(lesson.lesson).entry.title}" for lesson in scores}
    columns = _columns(asked)
    text = _read(asked.worksheet) if asked.worksheet else ""
    no_shows, exercises = asked.no_shows, asked.exercises
    if asked.kind == "csv":
        filled = plain.fill(scores, roster, no_shows=no_shows, exercises=exercises)
    elif asked.kind == "canvas" and not asked.worksheet:
        filled = canvas.make(scores, titles, roster, columns=columns, no_shows=no_shows, exercises=exercises)
    elif asked.kind == "canvas":
        filled = canvas.fill(text, scores, titles, roster, columns=columns, no_shows=no_shows, exercises=exercises)
    elif asked.worksheet and len(scores) == 1:
        level = feedback_level(scores[0].lesson, catalog.course.policy, datetime.now(UTC), found.marks.all_decided())
        filled = moodle.fill(text, scores[0], roster, columns, level, no_shows=no_shows)
    else:
        raise GradebookError(
            "Moodle has a worksheet for each lesson: name one lesson, and its worksheet with --worksheet (in Moodle:"
            " View all submissions, Download grading worksheet)"
        )
    students = sorted({student for lesson in scores for student in lesson.attempts})
    filled.notes += [*notes, *roster.strangers(students)]
    filled.news += [sentence for lesson in scores for sentence in about_absent(lesson, roster, no_shows)]
    return filled


def _columns(asked: _Asked) -> dict[str, str]:
    pairs = dict(one.split("=", 1) for one in asked.columns if "=" in one)
    wrong = len(pairs) != len(asked.columns) or not all(pairs.values())
    if asked.kind == "moodle" and (wrong or not set(pairs) <= set(moodle.TITLES)):
        raise GradebookError(f"--column is KIND=TITLE, and KIND one of {', '.join(moodle.TITLES)}; correct it")
    if wrong:
        raise GradebookError("--column is LESSON=TITLE, and each lesson once; correct it")
    return pairs


def _read(worksheet: Path) -> str:
    try:
        return worksheet.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GradebookError(f"{worksheet} cannot be read as UTF-8 text ({error}); download it again") from None
