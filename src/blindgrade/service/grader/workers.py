"""What the grader's loop needs of those who grade: a pool of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blindgrade.cohort.pool import Answer, Task


class Workers(Protocol):
    """Workers that get tasks one by one; see `cohort.pool.Pool`."""

    @property
    def size(self) -> int:
        """Number of workers."""
        ...

    def start(self) -> None:
        """Start them."""
        ...

    def room(self, held: int = 1) -> int:
        """How many more tasks they can take, if each may have `held` at once."""
        ...

    def give(self, task: Task) -> None:
        """Give them a task."""
        ...

    def answers(self, seconds: float, also: Sequence[int] = ()) -> list[Answer]:
        """Answers that came. Waits at most this long, and until one of the descriptors can be read."""
        ...
