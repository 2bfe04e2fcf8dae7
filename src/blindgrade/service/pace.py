"""How long a submission is expected to wait, from the gradings of the last minutes."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from blindgrade.models import Level
from blindgrade.service import policy
from blindgrade.service.database.tables import Submission

FIRST_GUESS = 2.0  # seconds of a grading, before one was seen
REMEMBERED = 200
RECENT_SECONDS = 60.0
FEW = 5  # results that say nothing about the speed yet


@dataclass
class Pace:
    """Seconds between results, as far as they were seen."""

    _seen: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, results: int) -> None:
        """Note that results came."""
        with self._lock:
            self._seen.extend([time.monotonic()] * results)

    def each(self) -> float:
        """Seconds that each grading in the queue takes, with all workers at work."""
        now = time.monotonic()
        with self._lock:
            recent = [at for at in self._seen if now - at < RECENT_SECONDS]
        if len(recent) < FEW:
            return FIRST_GUESS
        return max(recent[-1] - recent[0], 0.01) / (len(recent) - 1)

    def expected(self, submission: Submission, level: Level, position: int, now: float) -> float:
        """Seconds until the result may be read, at least."""
        begun = max(submission.accepted_at, now)
        ends = begun + self.each() * (position + 1)
        if submission.graded_at is not None:
            ends = submission.graded_at
        return round(max(policy.shown_at(level, submission.accepted_at, ends) - now, 0.0), 1)
