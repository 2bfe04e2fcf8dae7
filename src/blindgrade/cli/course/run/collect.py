"""Run `course collect`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.collect.collect import Report
from blindgrade.collect.collect import collect as collect_all
from blindgrade.collect.source_item import SourceError
from blindgrade.render.safe import shown
from blindgrade.submitted import CollectedIndex
from blindgrade.systems.sources import SOURCES


def collect(source: Path, to: Path, roster: Path | None, kind: str, as_json: bool) -> None:
    """Collect, and print the result of every submission."""
    people = roster_at(roster) if roster else None
    with stops(BAD_REQUEST, CourseError, SourceError):
        report = collect_all(Catalog.locate(), source, to, SOURCES, people, kind)
    if as_json:
        print_json(_as_json(report))
    else:
        _show(report, to)
    sys.exit(ALL_DONE if report.complete else SOME_NOT)


def _as_json(report: Report) -> dict[str, object]:
    return {
        "schema": "blindgrade/collection/v1",
        "kind": report.kind,
        "new": report.new,
        "known": report.known,
        "set_aside": [dict(zip(("label", "reason", "where"), one, strict=True)) for one in report.set_aside],
        "refused": [dict(zip(("label", "reason"), one, strict=True)) for one in report.refused],
        "notes": [dict(zip(("student", "note"), one, strict=True)) for one in report.notes],
    }


def _show(report: Report, to: Path) -> None:
    new = sum(len(labels) for labels in report.new.values())
    click.echo(f"{report.kind}: {new} new, {len(report.known)} known before, in {to}")
    for student, note in report.notes:
        click.echo(f"  {student}: {shown(note)}")
    for label, reason, where in report.set_aside:
        click.echo(f"  set aside: {shown(label)}: {shown(reason)} ({where})")
    for label, reason in report.refused:
        click.echo("  refused: " + shown(f"{label}: {reason}" if label else reason))
    if new and report.complete:
        students = CollectedIndex.read(to).students.values()
        for lesson in sorted({lesson for student in students for lesson in student.lessons}):
            click.echo(f"Next: course grade {lesson} {to}")
