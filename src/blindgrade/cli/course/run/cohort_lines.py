"""Output of `course grade`: finished submissions on standard output, progress on standard error."""

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
    """A line for each finished submission, and the progress: how many, how fast, and the time left."""

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
        """Print the result of one submission and the progress."""
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
    version = f" (version {result.version})" if result.version else ""
    if result.attempt is None or result.state == "skipped":
        return f"✗ {result.student}  {result.lesson}{version}  skipped: {result.reason}"
    attempt = result.attempt
    again = f", {result.reused} exercises as before" if result.reused else ""
    return (
        f"✓ {result.student}  {result.lesson}{version}  {attempt.points:g} of {attempt.max_points:g} points"
        f"  {attempt.seconds:.1f} s{again}"
    )


def _pace(graded: int, done: int, total: int, seconds: float) -> str:
    if not graded or seconds <= 0:
        return "nothing to grade yet"
    # A submission that was not graded takes almost no time, so only graded ones give the speed.
    rate = graded / seconds
    left = (total - done) / rate
    return f"{rate * 60:.0f} a minute, {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
