"""Time for the statements of a student's file. One that takes too long is left out, and the next ones still run."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

LOAD_SECONDS = 6.0  # processor seconds of the whole file; less than the grader waits for it
IMPORTING = "an import"  # the message if a module was being imported
BOOTSTRAP = "<frozen importlib._bootstrap"
AFTERWARDS = 0.4  # seconds of each later statement, so that a second training does not use up the grader's patience


class TooLong(BaseException):
    """A statement of the student's file took too long. No `except Exception` of the student hides it.

    The grader writes the sentence, because it knows the student's places.
    """


@contextmanager
def bounded(path: str, seconds: float) -> Iterator[None]:
    """Raise TooLong in the file at `path` when it has used its time, and again in each later statement that is slow."""

    def stop(number: int, frame: FrameType | None) -> None:
        files = [] if frame is None else [one.f_code.co_filename for one, _ in traceback.walk_stack(frame)]
        if path in files:  # the loader itself must not be stopped
            raise TooLong(IMPORTING if _imports(files, str(Path(path).parent)) else "")

    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, AFTERWARDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _imports(files: Iterable[str], box: str) -> bool:
    """Whether a line of the student's imports a module now. `files` are those of the stack, the innermost first."""
    for file in files:
        if file.startswith(f"{box}/"):
            return False
        if file.startswith(BOOTSTRAP):
            return True
    return False
