"""Budgets of time: processor seconds for code that computes, and many more seconds of the clock for code that waits.

A busy machine makes a program take longer. It does not make it compute more. So the limit of an exercise counts the
processor time of its worker, with all threads and children.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

WAITING = (3.0, 5.0)  # seconds in which a worker may do nothing: a factor of the limit, and what is added
WHOLE = (20.0, 60.0)  # seconds of the clock that a limit may take in all: the same
LOOK, WINDOW = 0.05, 1.0  # seconds between two looks at the clock, at least and at most
WAITS = 0.005  # share of the processor below which a worker does nothing
MACHINE = os.cpu_count() or 1

Clock = Callable[[], float | None]  # processor seconds of a worker so far; None if the machine cannot say


def waiting_seconds(seconds: float) -> float:
    """Seconds of the clock that code with this limit may spend without computing."""
    return WAITING[0] * seconds + WAITING[1]


def whole_seconds(seconds: float) -> float:
    """Seconds of the clock after which code with this limit is stopped, however busy the machine is."""
    return WHOLE[0] * seconds + WHOLE[1]


@dataclass
class Allowance:
    """Time that a worker may still use for an exercise, or to load a file.

    `limit` are the processor seconds of the whole, and `used` those that earlier workers used of it. Without a clock of
    the processor, the seconds of the wall clock count instead. Call `resume` before a wait, and `over` after each
    `pause`.
    """

    clock: Clock
    limit: float
    used: float = 0.0
    waited: float = 0.0  # seconds of the clock in which the worker computed nothing
    reading: float = 0.0  # of the processor clock, at the last look
    _base: float | None = None
    _wall: float = 0.0  # seconds of the clock in earlier waits
    _since: float = 0.0
    _window: tuple[float, float] | None = None  # wall clock and processor clock where the present window began

    def __post_init__(self) -> None:
        self._base = self.clock()
        self.reading = self._base or 0.0
        self._since = time.monotonic()

    def resume(self) -> None:
        """Begin a wait for the worker. The time since the last one was not the worker's."""
        self._since = time.monotonic()
        self._window = None

    def rest(self) -> None:
        """End a wait."""
        self._wall += time.monotonic() - self._since

    def pause(self) -> float:
        """Seconds until the next look."""
        left = self.limit - self.used - (self.reading - (self._base or 0.0))
        return min(max(left / MACHINE, LOOK), WINDOW)

    def settled(self, processor: float = 0.0) -> float:
        """Processor seconds of the exercise, when its worker has ended with this time on its clock, if it is known."""
        if self._base is None:
            return self.used + self._wall
        return self.used + max(processor, self.reading) - self._base

    def over(self) -> str:
        """Which budget is used up, in words; empty while there is time."""
        now = time.monotonic()
        wall = self._wall + now - self._since
        if self._base is None:
            return f"{self.limit:.0f} s" if self.used + wall >= self.limit else ""
        self.reading = self.clock() or self.reading
        if self.used + self.reading - self._base >= self.limit:
            return f"{self.limit:.0f} s of processor time"
        self._look(now)
        if self.waited >= waiting_seconds(self.limit):
            return f"{waiting_seconds(self.limit):.0f} s of waiting"
        return f"{whole_seconds(self.limit):.0f} s" if wall >= whole_seconds(self.limit) else ""

    def _look(self, now: float) -> None:
        """Count the window as waiting if the worker computed nothing in it."""
        since, before = self._window or (now, self.reading)
        if now - since >= WINDOW and self.reading - before < WAITS * (now - since):
            self.waited += now - since
        if self._window is None or now - since >= WINDOW:
            self._window = (now, self.reading)
