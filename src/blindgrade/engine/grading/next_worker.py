"""A warm process that starts the next worker ahead of time, for a grader that waits for its next request."""

from __future__ import annotations

from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import Worker
from blindgrade.engine.sandbox.limits import Limits


class Ahead(Zygote):
    """Warm process with one worker in reserve. That worker has seen no student's code, like every fresh one."""

    _next: Worker | None = None
    _limits: Limits | None = None  # of the first worker since `prepare`: a lesson mostly needs one

    def spawn(self, limits: Limits) -> Worker:
        """Fresh worker: the one in reserve, if it has these limits."""
        self._limits = self._limits or limits
        kept, self._next = self._next, None
        if kept is not None:
            if kept.limits == limits:
                return kept
            kept.close()
        return super().spawn(limits)

    def prepare(self) -> None:
        """Start the next worker. Call this between two gradings: the end of a worker ends all others."""
        limits, self._limits = self._limits, None
        if limits is not None and self._next is None and self.fork:
            self._next = super().spawn(limits)

    def lives(self) -> bool:
        """Whether the process that was started still runs."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End the worker in reserve, then the process."""
        kept, self._next = self._next, None
        if kept is not None:
            kept.close()
        super().close()
