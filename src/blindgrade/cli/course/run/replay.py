"""Run `course replay`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from blindgrade.attempts.reading import StoreError, read_attempt
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.exits import ALL_DONE, BAD_REQUEST, GRADER_FAILED, SOME_NOT, stops
from blindgrade.cohort.grading import Warm
from blindgrade.cohort.replay import CannotReplay, Replay
from blindgrade.cohort.replay import replay as grade_again
from blindgrade.engine.grading.worker_client import SandboxMissing, ZygoteFailed
from blindgrade.render.safe import shown


def replay(attempt: Path, submission: Path | None, sandbox: Literal["strict", "process"]) -> None:
    """Grade an attempt's submission again, and print what differs."""
    with stops(BAD_REQUEST, CourseError, UnknownId, StoreError):
        catalog, made = Catalog.locate(), read_attempt(attempt)
        warm = Warm(catalog.find([made.lesson]), sandbox)
        try:
            # SandboxMissing is a ZygoteFailed, so the inner `stops` must handle it first.
            with stops(GRADER_FAILED, ZygoteFailed), stops(BAD_REQUEST, CannotReplay, SandboxMissing):
                found = grade_again(catalog, made, submission, warm)
        finally:
            warm.close()
    _show(found)
    sys.exit(SOME_NOT if found.differences else ALL_DONE)


def _show(found: Replay) -> None:
    for line in found.versions:
        click.echo(shown(f"other version: {line}"))
    for line in found.differences:
        click.echo(shown(f"differs: {line}"))
    if found.differences:
        click.echo(f"{len(found.differences)} differences" + ("" if found.versions else ", on the same versions"))
    else:
        click.echo("repeated to the bit")
