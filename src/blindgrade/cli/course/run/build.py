"""Run `course build`."""

from __future__ import annotations

import sys

import click

from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.exits import BAD_REQUEST, SOME_NOT, stops
from blindgrade.generate.build import build as build_files


def build(lessons: tuple[str, ...], check: bool) -> None:
    """Write the files that are out of date; with `check` only list them."""
    with stops(BAD_REQUEST, CourseError, UnknownId):
        paths = build_files(Catalog.locate(), lessons or ("all",), check=check)
    for path in paths:
        click.echo(f"out of date: {path}" if check else f"wrote {path}")
    if check and paths:
        click.echo("run `course build` and commit the result", err=True)
        sys.exit(SOME_NOT)
    if not paths:
        click.echo("everything is up to date")
