"""Workers of a grader that waits for its next request: the next worker is started ahead of time."""

from __future__ import annotations

from typing import Self

from blindgrade.engine.grading.worker_client import Worker
from blindgrade.engine.grading.workers import Workers
from blindgrade.engine.sandbox.limits import Limits


class Ahead(Workers):
    """Workers with one in reserve. That one has seen no student's code, like every fresh one."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._next: Worker | None = None
        self._limits: Limits | None = None  # of the first worker since `prepare`: a lesson mostly needs one
        self._describe()

    def _describe(self) -> None:
        self.sandbox, self.layers, self.missing = self._workers.sandbox, self._workers.layers, self._workers.missing

    @property
    def lacking(self) -> list[str]:
        """See `Workers`."""
        return self._workers.lacking

    def lives(self) -> bool:
        """See `Workers`."""
        return self._workers.lives()

    def expect(self, number: int) -> None:
        """See `Workers`."""
        self._workers.expect(number)

    def start(self) -> None:
        """See `Workers`."""
        self._workers.start()

    def ready(self) -> Self:
        """See `Workers`."""
        self._workers.ready()
        self._describe()
        return self

    def spawn(self, limits: Limits) -> Worker:
        """Fresh worker: the one in reserve, if it has these limits."""
        self._limits = self._limits or limits
        kept, self._next = self._next, None
        if kept is not None:
            if kept.limits == limits:
                return kept
            kept.close()
        worker = self._workers.spawn(limits)
        self._describe()
        return worker

    def prepare(self) -> None:
        """Start the next worker. Call this between two gradings: the end of a worker can end all others."""
        limits, self._limits = self._limits, None
        if self._workers.starts_processes:
            self._workers.start()
        elif limits is not None and self._next is None:
            self._next = self._workers.spawn(limits)

    def close(self) -> None:
        """End the worker in reserve, then the others."""
        kept, self._next = self._next, None
        if kept is not None:
            kept.close()
        self._workers.close()
