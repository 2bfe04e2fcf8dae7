"""Standard output of `grade`. If a result cannot be written, that is an error, and it is reported once."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from rich.console import Console, RenderableType

from blindgrade.cli.exits import GRADER_FAILED, stop
from blindgrade.render.terminal.paper import as_text

STANDARD_OUTPUT, READS_ESCAPES = -11, 4  # numbers of Windows


def put(text: str) -> None:
    """Write to standard output at once. A closed pipe ends the command without a message, a full disk with one."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        not_written(error)


def not_written(error: OSError) -> NoReturn:
    """End the command, because standard output takes nothing more."""
    _forget_output()
    if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL:  # Windows names a closed pipe so
        sys.exit(GRADER_FAILED)
    stop(f"the result could not be written ({error.strerror}); free some disk space or write to another place, then"
         " run it again", GRADER_FAILED)  # fmt: skip


@contextmanager
def only_results() -> Iterator[None]:
    """Send everything that is printed meanwhile to standard error: standard output is for the results alone.

    Code that runs in this process can also write to the file itself, so its number is changed.
    """
    stream = sys.stdout
    stream.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        for printed in (sys.stdout, stream):  # the code may have replaced or closed it
            with suppress(OSError, ValueError, AttributeError):
                printed.flush()
        sys.stdout = stream
        os.dup2(kept, 1)
        os.close(kept)


def _forget_output() -> None:
    # The rest of the buffer must not raise a second error when the interpreter flushes it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def accept_escapes() -> None:
    """Let the console of Windows read colours and links. Older ones do so only when they are asked."""
    import ctypes

    library = ctypes.WinDLL("kernel32") if hasattr(ctypes, "WinDLL") else None
    if library is None:
        return
    library.GetStdHandle.restype = ctypes.c_void_p
    handle, mode = ctypes.c_void_p(library.GetStdHandle(STANDARD_OUTPUT)), ctypes.c_uint32()
    if library.GetConsoleMode(handle, ctypes.byref(mode)):
        library.SetConsoleMode(handle, ctypes.c_uint32(mode.value | READS_ESCAPES))


class Screen:
    """Standard output, written with rich."""

    def __init__(self) -> None:
        # In a locale without these signs, a question mark replaces them. Without this line, printing would raise.
        getattr(sys.stdout, "reconfigure", lambda **_: None)(errors="replace")
        if hasattr(sys, "getwindowsversion"):
            accept_escapes()
        self.console = Console(highlight=False)

    def show(self, *parts: RenderableType) -> None:
        """Print these items, each on its own lines."""
        put(as_text(self.console, *parts))
