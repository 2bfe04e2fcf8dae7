"""Run `course feedback`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli.bars import Bar
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.collect.source_item import SourceError
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.feedback import LessonPages, write_feedback
from blindgrade.gradebook.scores import read_scores
from blindgrade.models import Level, Policy
from blindgrade.policies import feedback_level, last_due
from blindgrade.render.html.look import look_of
from blindgrade.render.safe import shown
from blindgrade.roster.matching import Roster
from blindgrade.systems.feedback_zip import Zipped, zip_feedback

Kind = Literal["canvas", "moodle"]


def feedback(
    lesson: str, to: Path, attempts: Path | None, roster: Path | None, kind: Kind | None, submissions: Path | None
) -> None:
    """Write pages, texts and the archive, and print what was written and who was left out."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError, SourceError, OSError):
        catalog = Catalog.locate()
        targets = whole_lessons(catalog, lesson, "is an exercise; name its lesson,")
        store = AttemptStore(attempts or catalog.attempts)
        graded = _graded(targets, store)
        _check_request(graded, kind, submissions)
        now = datetime.now(UTC)
        left_out = [(one, "has no attempts; run `course grade` first") for one in _ids(targets) if one not in graded]
        written = _write(catalog, store, graded, to, people, now)
        for pages in written:
            click.echo(f"{pages.lesson}: {_pages(len(pages.students))}; {_reads(catalog.course.policy, pages, now)}")
            left_out += pages.left_out
        zipped = None
        if kind and submissions:
            zipped = zip_feedback(catalog, kind, submissions, written[0], people)
            left_out += zipped.left_out
    _say(written, zipped, left_out, people, to)
    sys.exit(SOME_NOT if left_out else ALL_DONE)


def _ids(targets: list[Target]) -> list[str]:
    return [target.files.entry.id for target in targets]


def _graded(targets: list[Target], store: AttemptStore) -> list[str]:
    there = store.lessons()
    graded = [one for one in _ids(targets) if one in there]
    if not graded:
        named = ", ".join(_ids(targets))
        raise GradebookError(f"{store.root} has no attempts at {named}; run `course grade`, or name --attempts")
    return graded


def _check_request(graded: list[str], kind: Kind | None, submissions: Path | None) -> None:
    if bool(kind) != bool(submissions):
        raise GradebookError("--zip and --submissions belong together: the archive takes its names from the download")
    if kind and len(graded) > 1:
        raise GradebookError(f"an upload is for one assignment, so name one lesson: {', '.join(graded)}")


def _write(
    catalog: Catalog, store: AttemptStore, lessons: list[str], to: Path, people: Roster, now: datetime
) -> list[LessonPages]:
    policy = catalog.course.policy
    total = sum(len(store.students(one)) for one in lessons)
    done = 0

    def level(one: str) -> Level:
        return feedback_level(one, policy, now)

    with Bar(total) as bar:

        def step(one: str, student: str) -> None:
            nonlocal done
            done += 1
            bar.step(shown(f"{one} {student}"), done, total)

        scores = read_scores(store.root, policy, lessons)
        return list(write_feedback(scores, to, level, catalog.course.title, people, look_of(catalog), step))


def _reads(policy: Policy, pages: LessonPages, now: datetime) -> str:
    due = last_due(pages.lesson, policy)
    when = "has no due date" if due is None else "is due" if now <= due else "was due"
    date = f" {due:%Y-%m-%d %H:%M %z}" if due else ""
    return f"students read `{pages.level.value}` (the lesson {when}{date})"


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _say(
    written: list[LessonPages], zipped: Zipped | None, left_out: list[tuple[str, str]], people: Roster, to: Path
) -> None:
    students = {student for pages in written for student in pages.students}
    notes = people.strangers(sorted(students))
    for pages in written:
        missing = sorted(set(people.people) - set(pages.students)) if people.people else []
        notes += [f"{student} handed in nothing at {pages.lesson}, so there is no page" for student in missing]
        if pages.earlier:
            files = "1 file is" if len(pages.earlier) == 1 else f"{len(pages.earlier)} files are"
            notes.append(f"{files} in {pages.folder} from an earlier run ({pages.earlier[0]}); delete what is old")
    say_notes(notes)
    for who, reason in left_out:
        click.echo(shown(f"  left out: {who}: {reason}" if who else f"  left out: {reason}"))
    click.echo(f"{_pages(sum(len(pages.students) for pages in written))}, each with a text, in {to}")
    if zipped:
        click.echo(f"{zipped.students} {'student' if zipped.students == 1 else 'students'} in {zipped.path}")
