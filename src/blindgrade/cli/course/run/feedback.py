"""Run `course feedback`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from blindgrade.attempts.effects import last_due
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli.bars import Bar
from blindgrade.cli.course.run.gradebook_scores import Scores, up_to_date_scores
from blindgrade.cli.course.run.notes import say_notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, SOME_NOT, stops
from blindgrade.collect.source_item import SourceError
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.feedback import LessonPages, write_feedback
from blindgrade.gradebook.marks import named
from blindgrade.marks.marks import Marks
from blindgrade.models import Level
from blindgrade.policies import feedback_level
from blindgrade.render.html.look import look_of
from blindgrade.render.safe import shown
from blindgrade.roster.matching import Roster
from blindgrade.submitted import NoSubmissions
from blindgrade.systems.feedback_zip import Zipped, zip_feedback

Kind = Literal["canvas", "moodle"]


def feedback(
    lesson: str,
    to: Path,
    attempts: Path | None,
    submitted: Path | None,
    stale: bool,
    roster: Path | None,
    kind: Kind | None,
    submissions: Path | None,
) -> None:
    """Write pages, texts and the archive, and print what was written and who was left out."""
    people = roster_at(roster)
    with stops(BAD_REQUEST, CourseError, UnknownId, GradebookError, SourceError, StoreError, NoSubmissions, OSError):
        catalog = Catalog.locate()
        targets = whole_lessons(catalog, lesson, "is an exercise; name its lesson,")
        folder = attempts or catalog.attempts
        graded = _graded(targets, AttemptStore(folder))
        _check_request(graded, kind, submissions)
        scores = up_to_date_scores(catalog, tuple(graded), folder, submitted, None, False, stale)
        now = datetime.now(UTC)
        left_out = [(one, "has no attempts; run `course grade` first") for one in _ids(targets) if one not in graded]
        written = _write(catalog, scores, graded, to, people, now)
        for pages in written:
            click.echo(f"{pages.lesson}: {_pages(len(pages.students))}; {_reads(scores, pages, now)}")
            left_out += pages.left_out
        zipped = None
        if kind and submissions:
            zipped = zip_feedback(catalog, kind, submissions, written[0], people)
            left_out += zipped.left_out
    _say_notes(written, zipped, scores, people)
    _say(written, zipped, left_out, to)
    sys.exit(SOME_NOT if left_out else scores.code)


def _ids(targets: list[Target]) -> list[str]:
    return [target.files.entry.id for target in targets]


def _graded(targets: list[Target], store: AttemptStore) -> list[str]:
    there = store.lessons()
    graded = [one for one in _ids(targets) if one in there]
    if not graded:
        ids = ", ".join(_ids(targets))
        raise GradebookError(f"{store.root} has no attempts at {ids}; run `course grade`, or name --attempts")
    return graded


def _check_request(graded: list[str], kind: Kind | None, submissions: Path | None) -> None:
    if bool(kind) != bool(submissions):
        raise GradebookError("--zip and --submissions belong together: the archive takes its names from the download")
    if kind and len(graded) > 1:
        raise GradebookError(f"an upload is for one assignment, so name one lesson: {', '.join(graded)}")


def _write(
    catalog: Catalog, scores: Scores, lessons: list[str], to: Path, people: Roster, now: datetime
) -> list[LessonPages]:
    marks, decided = scores.marks, scores.marks.all_decided()
    total = sum(len({*marks.store.students(one), *_decided_at(marks, one)}) for one in lessons)
    done = 0

    def level(one: str) -> Level:
        return feedback_level(one, scores.policy, now, decided)

    with Bar(total) as bar:

        def step(one: str, student: str) -> None:
            nonlocal done
            done += 1
            bar.step(shown(f"{one} {student}"), done, total)

        return list(write_feedback(scores.read(), to, level, catalog.course.title, people, look_of(catalog), step))


def _decided_at(marks: Marks, lesson: str) -> list[str]:
    """Students with a page by a decision: they are excused, or have adjusted points."""
    effects = {student: marks.decided(student).of(lesson) for student in marks.decided_students()}
    return [student for student, one in effects.items() if one.excused or one.adjusted]


def _reads(scores: Scores, pages: LessonPages, now: datetime) -> str:
    others = scores.policy.due.get(pages.lesson)
    due = last_due(pages.lesson, others, scores.marks.all_decided())
    when = "has no due date" if due is None else "is due" if now <= due else "was due"
    date = f" {due:%Y-%m-%d %H:%M %z}" if due else ""
    date += " with the longest extension" if due != others else ""
    return f"students read `{pages.level.value}` (the lesson {when}{date})"


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _say_notes(written: list[LessonPages], zipped: Zipped | None, scores: Scores, people: Roster) -> None:
    students = {student for pages in written for student in pages.students}
    notes = people.strangers(sorted(students))
    for pages in written:
        if pages.excused:
            notes.append(f"{pages.lesson}: excused: {named(pages.excused)}; their pages say so")
        there = scores.marks.answers[pages.lesson].students
        missing = sorted(set(people.people) - {*pages.students, *there})
        notes += [f"{student} handed in nothing at {pages.lesson}, so there is no page" for student in missing]
        if pages.earlier:
            files = "1 file is" if len(pages.earlier) == 1 else f"{len(pages.earlier)} files are"
            notes.append(f"{files} in {pages.folder} from an earlier run ({pages.earlier[0]}); delete what is old")
    say_notes([*notes, *(zipped.notes if zipped else ())])


def _say(written: list[LessonPages], zipped: Zipped | None, left_out: list[tuple[str, str]], to: Path) -> None:
    for who, reason in left_out:
        click.echo(shown(f"  left out: {who}: {reason}" if who else f"  left out: {reason}"))
    click.echo(f"{_pages(sum(len(pages.students) for pages in written))}, each with a text, in {to}")
    if zipped:
        click.echo(f"{zipped.students} {'student' if zipped.students == 1 else 'students'} in {zipped.path}")
