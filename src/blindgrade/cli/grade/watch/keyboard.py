"""Single keys from a terminal, without Enter. The terminal gets its old settings back, however the program ends."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self


class Keyboard:
    """Calls `pressed` with each key while its context is open. Does nothing if standard input is no terminal.

    It calls `resumed` when the screen may have to be drawn again: the program comes back after Ctrl-Z, the window has
    another size.
    """

    def __init__(self, pressed: Callable[[str], None], resumed: Callable[[], None]) -> None:
        self._pressed = pressed
        self._resumed = resumed
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if not sys.stdin.isatty():
            return self
        self._before = termios.tcgetattr(sys.stdin)
        self._handle(signal.SIGCONT, self._come_back)
        self._handle(signal.SIGWINCH, lambda *_: None)  # caught, so that the signal wakes the thread below
        self._handle(signal.SIGTERM, _leave)
        self._handle(signal.SIGHUP, _leave)
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        # The kernel may send a signal to any thread. Python handles it in the main thread, which may wait for an event.
        self._woken_before = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._before is None:
            return
        signal.set_wakeup_fd(self._woken_before)
        os.close(self._wake_write)
        self._thread.join()
        os.close(self._wake_read)
        with suppress(termios.error):  # the terminal may be closed already
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _handle(self, number: int, handler: Callable[[int, FrameType | None], object]) -> None:
        self._handlers[number] = signal.signal(number, handler)

    def _come_back(self, *_: object) -> None:
        # While the program was stopped, the shell set its own mode.
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([sys.stdin, self._wake_read], [], [])
            if self._wake_read in ready:
                if not os.read(self._wake_read, 64):
                    return
                self._resumed()
                continue
            try:
                text = os.read(sys.stdin.fileno(), 64).decode("utf-8", "replace")
            except OSError:
                text = ""
            if not text:
                self._pressed("q")  # the terminal is gone, and nobody can read a result
                return
            for key in text:
                self._pressed(key)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
