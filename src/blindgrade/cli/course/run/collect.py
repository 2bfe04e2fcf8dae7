"""Run `course collect`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from blindgrade.catalog import Catalog, CourseError
from blindgrade.cli.as_json import print_json
from blindgrade.cli.course.run.collected_lines import by_reason, notes
from blindgrade.cli.course.run.rosters import roster_at
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, SOME_NOT, stops
from blindgrade.clock import instant
from blindgrade.collect.collect import Options, Report
from blindgrade.collect.collect import collect as collect_all
from blindgrade.collect.source_item import SourceError
from blindgrade.collect.times import TimeUnclear, ZoneUnknown, read_time, zone_named
from blindgrade.render.safe import shown
from blindgrade.systems.sources import SOURCES


def collect(
    source: Path,
    to: Path,
    roster: Path | None,
    kind: str,
    timezone: str | None,
    worksheet: Path | None,
    columns: Sequence[str],
    groups: Path | None,
    before: str | None,
    at_deadline: bool,
    as_json: bool,
) -> None:
    """Collect, and print the result of every submission."""
    known = [name for name in os.listdir(to) if not name.startswith(".")] if to.is_dir() else []
    people = roster_at(roster, known) if roster else None
    with stops(BAD_REQUEST, CourseError, SourceError, ZoneUnknown):
        zone = zone_named(timezone) if timezone is not None else None
        try:
            limit = instant(read_time(before, zone)) if before is not None else None
        except TimeUnclear as error:
            raise SourceError(f"--before {before}: {error}") from None
        options = Options(people, kind, zone, worksheet, _titles(columns), groups, limit, at_deadline)
        report = collect_all(Catalog.locate(), source, to, SOURCES, options)
    if as_json:
        print_json(_as_json(report))
    else:
        _show(report, to)
    sys.exit(ALL_DONE if report.complete else SOME_NOT)


def _titles(columns: Sequence[str]) -> dict[str, str]:
    titles = {}
    for column in columns:
        name, equals, text = column.partition("=")
        if name != "submitted" or not equals or not text:
            raise SourceError(f"--column {column}: write --column submitted=TITLE")
        titles[name] = text
    return titles


def _as_json(report: Report) -> dict[str, object]:
    return {
        "schema": "blindgrade/collection/v1",
        "kind": report.kind,
        "new": report.new,
        "known": report.known,
        "set_aside": [dict(zip(("label", "reason", "where"), one, strict=True)) for one in report.set_aside],
        "refused": [dict(zip(("label", "reason"), one, strict=True)) for one in report.refused],
        "unclear_times": [dict(zip(("label", "reason"), one, strict=True)) for one in report.unclear],
        "without_time": report.timeless,
        "groups": report.groups,
        "lessons": report.lessons,
        "notes": [dict(zip(("student", "note"), one, strict=True)) for one in report.notes],
        "remarks": report.remarks,
    }


def _show(report: Report, to: Path) -> None:
    new = sum(len(labels) for labels in report.new.values())
    click.echo(f"{report.kind}: {new} new, {len(report.known)} known before, in {to}")
    lines = [
        *(f"  {shown(remark)}" for remark in report.remarks),
        *notes(report.notes),
        *by_reason("time unknown", report.unclear),
        *by_reason(f"set aside in {to / '.set-aside'}", [(label, reason) for label, reason, _ in report.set_aside]),
        *by_reason("refused", report.refused),
        *(f"Next: course grade {lesson} {to}" for lesson in report.lessons),
    ]
    for line in lines:
        click.echo(line)
