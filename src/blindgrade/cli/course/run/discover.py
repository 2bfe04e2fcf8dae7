"""Run `course discover`: show the groups, or adopt one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blindgrade.attempts.reading import StoreError
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.discover_lines import as_data, lines
from blindgrade.cli.course.run.submitted import submitted_at
from blindgrade.cli.course.run.up_to_date import say_up_to_date
from blindgrade.cli.course.run.whole_lessons import whole_lessons
from blindgrade.cli.exits import BAD_REQUEST, stop, stops
from blindgrade.cohort_report.groups import Grouped, grouped
from blindgrade.cohort_report.records import NoAttempts, read_records
from blindgrade.marks.marks import Marks
from blindgrade.render.safe import shown
from blindgrade.submitted import NoSubmissions


def discover(
    lesson: str,
    attempts: Path | None,
    submitted: Path | None,
    as_json: bool,
    everything: bool,
    adopt: str | None,
    name: str | None,
    hint: str | None,
    yes: bool,
) -> None:
    """Show the groups of a lesson or module, or adopt one."""
    _check(as_json, everything, adopt, name, hint, yes)
    with stops(BAD_REQUEST, CourseError, UnknownId, NoAttempts, StoreError, NoSubmissions):
        catalog = Catalog.locate()
        targets = whole_lessons(catalog, lesson, "is an exercise; groups are of whole lessons:")
        store = attempts or catalog.attempts
        marks = Marks(catalog, store, submitted_at(submitted))
        found = _found(catalog, targets, marks, lesson)
        if adopt is not None:
            # Imported here, because it imports torch.
            from blindgrade.cli.course.run.discover_adopt import adopt_group

            assert name is not None and hint is not None
            sys.exit(adopt_group(catalog, targets, found, marks.store, adopt, name, hint, yes=yes))
    if as_json:
        print_json(as_data(found), indent=1)
    else:
        named = f" --attempts {attempts}" if attempts else ""
        click.echo(shown("\n".join(lines(found, everything=everything, options=named))))
    sys.exit(say_up_to_date(marks, attempts))


def _found(catalog: Catalog, targets: list[Target], marks: Marks, lesson: str) -> list[Grouped]:
    records = read_records(marks, [t.lesson.id for t in targets], catalog.course.policy)
    if not any(records.values()):
        raise NoAttempts(
            f"{marks.store.root} holds no attempt at {lesson}; run `course grade {lesson} SUBMITTED/`, or name"
            " --attempts"
        )
    return [grouped(t.files, t.lesson, records[t.lesson.id]) for t in targets if records[t.lesson.id]]


def _check(as_json: bool, everything: bool, adopt: str | None, name: str | None, hint: str | None, yes: bool) -> None:
    """End the command if its options contradict each other."""
    if adopt is None and (name is not None or hint is not None or yes):
        stop("--name, --hint and --yes belong to --adopt GROUP; without it, the command only shows groups", BAD_REQUEST)
    if adopt is not None and (as_json or everything):
        stop("--adopt goes without --json and --all", BAD_REQUEST)
    if adopt is not None and (not name or not hint):
        stop(f'--adopt {adopt} needs --name NAME and --hint "…": the misconception\'s name, and the sentence that a'
             " student with this answer reads", BAD_REQUEST)  # fmt: skip
