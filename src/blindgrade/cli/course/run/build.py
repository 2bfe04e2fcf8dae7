"""Run `course build`."""

from __future__ import annotations

import sys

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.exits import BAD_REQUEST, SOME_NOT, say, stops
from blindgrade.generate.build import build as build_files
from blindgrade.unregistered import unlisted


def build(lessons: tuple[str, ...], check: bool) -> None:
    """Write the files that are out of date; with `check` only list them. A lesson that is wrong stops only itself."""
    wrong: dict[str, str] = {}
    with stops(BAD_REQUEST, CourseError, UnknownId):
        catalog = Catalog.locate()
        paths = build_files(
            catalog,
            lessons or ("all",),
            check=check,
            unfinished=lambda lesson, error: wrong.update({lesson: str(error)}),
        )
    for path in paths:
        click.echo(f"out of date: {path}" if check else f"wrote {path}")
    if not lessons:
        for sentence in unlisted(catalog.root, [entry.id for entry in catalog.entries]):
            say(sentence)
    for lesson, why in wrong.items():
        say(f"{lesson} is not built: {why}")
    if wrong:
        sys.exit(BAD_REQUEST)
    if check and paths:
        click.echo("run `course build` and commit the result", err=True)
        sys.exit(SOME_NOT)
    if not paths:
        click.echo("everything is up to date")
