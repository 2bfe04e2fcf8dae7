"""Progress bars on standard error. They disappear at the end."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)  # fmt: skip

from blindgrade.models import Outcome


class Bar:
    """Progress of a command, shown if standard error is a terminal."""

    def __init__(self, total: int | None = None, *, elapsed: bool = True) -> None:
        columns: list[ProgressColumn] = [BarColumn(), MofNCompleteColumn()]
        columns += [TimeElapsedColumn()] * elapsed + [TextColumn("{task.description}")]
        console = Console(stderr=True)
        self.shown = console.is_terminal
        # No refreshing thread: the command forks, and a fork is safest in a process of one thread.
        self._bar = Progress(*columns, console=console, auto_refresh=False, transient=True, disable=not self.shown)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()

    def step(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps are done, with a text."""
        self._bar.update(self._task, description=what, completed=done, total=total)
        self._bar.refresh()

    def print(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False)


class Waiting:
    """A bar with the exercise that is running. It redraws itself, so only a command that never forks may show it."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._bar: Any = None

    def start(self) -> None:
        """Show the bar."""
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task("starting", total=self._total, completed=self._done)
        self._bar.start()

    def stop(self) -> None:
        """Remove the bar, so that something else can be printed."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, lesson: str, exercise: str, outcome: Outcome | None) -> None:
        """Update the bar. The parameters are those of `runner.Progress`."""
        self._done += outcome is not None
        if self._bar is not None:
            self._bar.update(self._task, description=f"{lesson}/{exercise}", completed=self._done)
