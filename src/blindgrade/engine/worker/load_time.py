"""Time for the statements of a student's file. One that takes too long is left out, and the next ones still run."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PROFILED: int = getattr(signal, "SIGPROF", 0)  # the signal of the clock of this process; Windows has none
PROFILING: int = getattr(signal, "ITIMER_PROF", 0)
LOOK = 0.02  # seconds between two looks at the clock where there is no signal
LOAD_SECONDS = 6.0  # processor seconds of the whole file; less than the grader waits for it
IMPORTING = "an import"  # the message if a module was being imported
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


_TooLongImport.__name__ = TooLong.__name__  # the grader knows this name


@contextmanager
def bounded(path: str, seconds: float) -> Iterator[None]:
    """Raise TooLong in the file at `path` when it has used its time, and again in each later statement that is slow."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        yield
    elif hasattr(signal, "setitimer"):
        with _by_signal(path, seconds):
            yield
    else:
        with _by_thread(path, seconds):
            yield


@contextmanager
def _by_signal(path: str, seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if late := _too_long(path, frame):
            raise late()

    assert hasattr(signal, "setitimer")
    before = signal.signal(PROFILED, stop)
    signal.setitimer(PROFILING, seconds, AFTERWARDS)
    try:
        yield
    finally:
        signal.setitimer(PROFILING, 0)
        signal.signal(PROFILED, before)


@contextmanager
def _by_thread(path: str, seconds: float) -> Iterator[None]:
    """The same where there is no signal (Windows): a thread looks at the processor clock of this process."""
    main, over = threading.get_ident(), threading.Event()

    def watch() -> None:
        due = time.process_time() + seconds
        while not over.wait(LOOK):
            if time.process_time() < due:
                continue
            due = time.process_time() + AFTERWARDS
            if late := _too_long(path, sys._current_frames().get(main)):
                _raise_in(main, late)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        _raise_in(main, None)  # an exception that has not been raised yet
        thread.join()


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
