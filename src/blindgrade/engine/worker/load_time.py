"""Time for the statements of a student's file. One that takes too long is left out, and the next ones still run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOAD_SECONDS = 6.0  # processor seconds of the whole file; less than the grader waits for it
AFTERWARDS = 0.4  # seconds of each later statement, so that a second training does not use up the grader's patience


class TooLong(BaseException):
    """A statement of the student's file took too long. No `except Exception` of the student hides it."""


@contextmanager
def bounded(path: str, seconds: float) -> Iterator[None]:
    """Raise TooLong in the file at `path` when it has used its time, and again in each later statement that is slow."""

    def stop(number: int, frame: FrameType | None) -> None:
        if _runs(path, frame):
            raise TooLong(
                f"stopped after {seconds:g} s of processor time; is there a loop that never ends? "
                "Keep long trainings out of the file, or write down their results"
            )

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


def _runs(path: str, frame: FrameType | None) -> bool:
    """Whether a statement of the file runs now. The loader itself must not be stopped."""
    while frame is not None:
        if frame.f_code.co_filename == path:
            return True
        frame = frame.f_back
    return False
