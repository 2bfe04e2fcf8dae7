"""`course collect`: gather what students handed in, from the systems where they did."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from blindgrade.collect.collect import Report

SOME_NOT, BAD_REQUEST = 1, 2


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="Folder with one folder a student.")
@click.option(
    "--roster", type=click.Path(path_type=Path), help="CSV with a line of titles: id, and name, email, login, sid, …"
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "nbgrader", "moodle", "canvas", "gradescope", "git", "folders"]),
    default="auto",
    show_default=True,
    help="What SOURCE is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def collect(source: Path, to: Path, roster: Path | None, kind: str, as_json: bool) -> None:
    """Collect submissions into a folder for each student.

    SOURCE is nbgrader's exchange, a bulk download of Moodle or Canvas, Gradescope's export (a folder or an archive), or
    a folder with git checkouts, folders or archives, one for each student. It is never changed.

    Collect again whenever there is more: every submission is kept, and for each lesson the latest is current.

    \b
    Examples:
      course collect ~/Downloads/submissions.zip --to submitted --roster roster.csv
      course collect /srv/nbgrader/exchange/diffusion --to submitted

    Exit code: 0 all was collected, 1 something was set aside or refused, 2 the request was wrong.
    """
    from blindgrade.catalog import Catalog, CourseError
    from blindgrade.collect.collect import collect as collect_all
    from blindgrade.collect.roster import RosterError, read_roster
    from blindgrade.collect.source_item import SourceError
    from blindgrade.systems.sources import SOURCES

    try:
        people = read_roster(roster) if roster else None
        report = collect_all(Catalog.locate(), source, to, SOURCES, people, kind)
    except (CourseError, SourceError, RosterError) as error:
        from blindgrade.render.safe import shown

        click.echo(f"course collect: {shown(str(error))}", err=True)
        sys.exit(BAD_REQUEST)
    if as_json:
        click.echo(_as_json(report))
    else:
        _show(report, to)
    sys.exit(0 if report.complete else SOME_NOT)


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "schema": "blindgrade/collection/v1",
            "kind": report.kind,
            "new": report.new,
            "known": report.known,
            "set_aside": [dict(zip(("label", "reason", "where"), one, strict=True)) for one in report.set_aside],
            "refused": [dict(zip(("label", "reason"), one, strict=True)) for one in report.refused],
            "notes": [dict(zip(("student", "note"), one, strict=True)) for one in report.notes],
        },
        indent=1,
    )


def _show(report: Report, to: Path) -> None:
    from blindgrade.render.safe import shown

    new = sum(len(labels) for labels in report.new.values())
    click.echo(f"{report.kind}: {new} new, {len(report.known)} known before, in {to}")
    for student, note in report.notes:
        click.echo(f"  {student}: {shown(note)}")
    for label, reason, where in report.set_aside:
        click.echo(f"  set aside: {shown(label)}: {shown(reason)} ({where})")
    for label, reason in report.refused:
        click.echo("  refused: " + shown(f"{label}: {reason}" if label else reason))
    if new and report.complete:
        click.echo(f"Next: course grade all {to}")
