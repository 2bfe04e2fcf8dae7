"""Standard output of `grade`. A result that cannot be delivered is an error, which is reported once."""

from __future__ import annotations

import os
import sys

from rich.console import Console, RenderableType

from blindgrade.cli.exits import GRADER_FAILED, stop
from blindgrade.render.terminal.results import as_text


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
        # A locale without these signs gets a question mark in their place, never an exception.
        getattr(sys.stdout, "reconfigure", lambda **_: None)(errors="replace")
        self.console = Console(highlight=False)

    def show(self, *parts: RenderableType) -> None:
        """Print these, each on lines of its own."""
        put(as_text(self.console, *parts))
