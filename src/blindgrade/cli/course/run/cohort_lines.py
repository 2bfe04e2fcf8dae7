"""The lines of `course grade`: each finished submission on standard output, how far it is on the other."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

from blindgrade.cli.bars import Bar
from blindgrade.cohort.grading import Result
from blindgrade.render.safe import shown

PLAIN_EVERY = 10.0  # seconds between two lines of progress where there is no terminal


class CohortLines:
    """A line for each finished submission; how far it is, how fast, and how long still."""

    def __init__(self, total: int) -> None:
        self._begun = self._said = time.monotonic()
        self._bar = Bar(total, elapsed=False)
        self._graded = 0

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.__exit__(kind, error, tb)

    def graded(self, result: Result, done: int, total: int) -> None:
        """Say what became of one submission."""
        self._graded += result.state != "unchanged"
        now = time.monotonic()
        pace = _pace(self._graded, done, total, now - self._begun)
        if self._bar.shown:
            self._bar.step(pace, done, total)
        elif now - self._said > PLAIN_EVERY:
            self._said = now
            click.echo(f"{done} of {total}, {pace}", err=True)
        if result.state != "unchanged":
            line = shown(_line(result))
            if self._bar.shown and sys.stdout.isatty():
                self._bar.print(line)
            else:
                click.echo(line)


def _line(result: Result) -> str:
    if result.attempt is None or result.state == "skipped":
        return f"✗ {result.student}  {result.lesson}  set aside: {result.reason}"
    attempt = result.attempt
    again = f", {result.reused} exercises as before" if result.reused else ""
    return (
        f"✓ {result.student}  {result.lesson}  {attempt.points:g} of {attempt.max_points:g} points"
        f"  {attempt.seconds:.1f} s{again}"
    )


def _pace(graded: int, done: int, total: int, seconds: float) -> str:
    if not graded or seconds <= 0:
        return "nothing to grade yet"
    # What was not graded cost next to nothing, so it says nothing about what is to come.
    rate = graded / seconds
    left = (total - done) / rate
    return f"{rate * 60:.0f} a minute, {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
