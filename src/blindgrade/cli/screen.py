"""What `grade` puts on the screen. A result that cannot be delivered is an error, and is told once."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from blindgrade.models import Outcome

EVERY_POINT, SOME_NOT, BAD_REQUEST, GRADER_FAILED = 0, 1, 2, 3


def stop(message: str, code: int) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    from blindgrade.render.safe import shown

    click.echo(f"grade: {shown(message)}", err=True)
    sys.exit(code)


def put(text: str) -> None:
    """Write to standard output at once. A reader that has left ends the command quietly, a full disk with a message."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        sys.exit(GRADER_FAILED)
    except OSError as error:
        _forget_output()
        stop(f"the result could not be written ({error.strerror}); make room or write elsewhere, then run it again",
             GRADER_FAILED)  # fmt: skip


def _forget_output() -> None:
    # What is left in the buffer must not raise a second time when the interpreter flushes it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class Screen:
    """Standard output, by rich."""

    def __init__(self) -> None:
        from rich.console import Console

        # A locale without these signs gets a question mark in their place, never an exception.
        getattr(sys.stdout, "reconfigure", lambda **_: None)(errors="replace")
        self.console: Console = Console(highlight=False)

    def show(self, *parts: RenderableType) -> None:
        """Print these, each on lines of its own."""
        from blindgrade.render.terminal.results import as_text

        put(as_text(self.console, *parts))


class Waiting:
    """A bar on standard error, with the exercise that is running; it leaves no trace."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._bar: Any = None

    def start(self) -> None:
        """Show it."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

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
        """Take it away, so that something else can be printed."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, lesson: str, exercise: str, outcome: Outcome | None) -> None:
        """See `runner.Progress`."""
        self._done += outcome is not None
        if self._bar is not None:
            self._bar.update(self._task, description=f"{lesson}/{exercise}", completed=self._done)
