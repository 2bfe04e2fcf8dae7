"""Time for the statements of a student's file. One that takes too long is left out, and the next ones still run.

A statement that computes uses processor time. One that only waits uses none, so waiting has a limit of its own.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PROFILED: int = getattr(signal, "SIGPROF", 0)  # the signal of the clock of this process; Windows has none
PROFILING: int = getattr(signal, "ITIMER_PROF", 0)
ALARM: int = getattr(signal, "SIGALRM", 0)
ALARMING: int = getattr(signal, "ITIMER_REAL", 0)
LOOK = 0.02  # seconds between two looks at the clock where there is no signal
LOAD_SECONDS = 6.0  # processor seconds of the whole file; less than the grader waits for it
WAITING_SECONDS = 6.0  # seconds in which the file may compute nothing
WINDOW = 1.0  # seconds between two looks at whether it computes
WAITS = 0.005  # share of the processor below which it does not
IMPORTING = "an import"  # the message if a module was being imported
WAITING = "a wait"  # the message if it computed nothing
BOOTSTRAP = "<frozen importlib._bootstrap"
AFTERWARDS = 0.4  # seconds of each later statement, so that a second training does not use up the grader's patience


class TooLong(BaseException):
    """A statement of the student's file took too long. No `except Exception` of the student hides it.

    The grader writes the sentence, because it knows the student's places.
    """


class _TooLongImport(TooLong):
    """The same in an import. Raised in another thread, an exception has no message but that of its class."""

    def __init__(self) -> None:
        super().__init__(IMPORTING)


class _TooLongWait(TooLong):
    """The same in a statement that waits."""

    def __init__(self) -> None:
        super().__init__(WAITING)


_TooLongImport.__name__ = _TooLongWait.__name__ = TooLong.__name__  # the grader knows this name


@dataclass
class _Waits:
    """Seconds in which this process computed nothing, counted in windows."""

    limit: float
    again: float  # seconds after which each later statement is stopped
    waited: float = 0.0
    since: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.process_time)

    def over(self) -> bool:
        """End a window. Whether the limit is reached."""
        now, used = time.monotonic(), time.process_time()
        if used - self.used < WAITS * (now - self.since):
            self.waited += now - self.since
        self.since, self.used = now, used
        if self.waited < self.limit:
            return False
        self.limit = self.waited + self.again
        return True


@contextmanager
def bounded(path: str, seconds: float, waiting: float = WAITING_SECONDS, window: float = WINDOW) -> Iterator[None]:
    """Raise TooLong in the file at `path` when it has used its time, and again in each later statement that is slow.

    `seconds` are those of the processor. `waiting` are those in which it computes nothing.
    """
    waits = _Waits(waiting, window)
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        yield
    elif hasattr(signal, "setitimer"):
        with _by_signal(path, seconds, waits, window):
            yield
    else:
        with _by_thread(path, seconds, waits, window):
            yield


@contextmanager
def _by_signal(path: str, seconds: float, waits: _Waits, window: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if late := _too_long(path, frame):
            raise late()

    def look(number: int, frame: FrameType | None) -> None:
        if waits.over():
            _end_wait(path, frame)

    assert hasattr(signal, "setitimer")
    before = [(number, signal.signal(number, handler)) for number, handler in ((PROFILED, stop), (ALARM, look))]
    signal.setitimer(PROFILING, seconds, AFTERWARDS)
    signal.setitimer(ALARMING, window, window)
    try:
        yield
    finally:
        for timer in (PROFILING, ALARMING):
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _by_thread(path: str, seconds: float, waits: _Waits, window: float) -> Iterator[None]:
    """The same where there are no such signals (Windows): a thread looks at the clocks of this process."""
    main, over = threading.get_ident(), threading.Event()

    def watch() -> None:
        due, look = time.process_time() + seconds, time.monotonic() + window
        while not over.wait(LOOK):
            if time.process_time() >= due:
                due = time.process_time() + AFTERWARDS
                if late := _too_long(path, sys._current_frames().get(main)):
                    _raise_in(main, late)
            elif time.monotonic() >= look:
                look = time.monotonic() + window
                if waits.over():
                    _wake(main)

    thread = threading.Thread(target=watch, daemon=True)
    before = signal.signal(signal.SIGINT, lambda number, frame: _end_wait(path, frame))
    thread.start()
    try:
        yield
    finally:
        over.set()
        _raise_in(main, None)  # an exception that has not been raised yet
        thread.join()
        signal.signal(signal.SIGINT, before)


def _wake(thread: int) -> None:
    """End the sleep of the main thread. An exception that another thread raises waits until the sleep is over."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(thread, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)  # a sleep of Windows waits for this signal, too


def _end_wait(path: str, frame: FrameType | None) -> None:
    # An import may wait long for a slow disk, and the file needs it. The grader's own patience is its limit.
    if _too_long(path, frame) is TooLong:
        raise _TooLongWait


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error and ctypes.py_object(error))


def _too_long(path: str, frame: FrameType | None) -> type[TooLong] | None:
    """Exception for the file at `path`, if this frame runs it. The loader itself must not be stopped."""
    files = [] if frame is None else [one.f_code.co_filename for one, _ in traceback.walk_stack(frame)]
    if path not in files:
        return None
    return _TooLongImport if _imports(files, str(Path(path).parent)) else TooLong


def _imports(files: Iterable[str], box: str) -> bool:
    """Whether a line of the student's imports a module now. `files` are those of the stack, the innermost first."""
    for file in files:
        if Path(file).parent == Path(box) or Path(box) in Path(file).parents:
            return False
        if file.startswith(BOOTSTRAP):
            return True
    return False
