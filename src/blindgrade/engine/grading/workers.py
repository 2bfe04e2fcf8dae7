"""What every source of workers has: a forking warm process, or fresh processes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from blindgrade.engine.grading.worker_client import Worker
from blindgrade.engine.sandbox.limits import Limits


class Workers(ABC):
    """A source of workers. `start` prepares the first one, or the first `spawn` does. Leaving the context ends all."""

    sandbox: str  # name of the tier, when the first worker is ready; empty before
    layers: dict[str, str]  # "" for each layer that works, else the reason why it does not
    missing: dict[str, str]  # reasons why this machine has no stronger tier
    starts_processes = False  # is each worker a process that `start` prepares before its limits are known?

    @abstractmethod
    def start(self) -> None:
        """Start, without waiting until a worker can be had."""

    @abstractmethod
    def ready(self) -> Self:
        """Wait until a worker can be had. SandboxMissing or ZygoteFailed if none can be started."""

    @abstractmethod
    def spawn(self, limits: Limits) -> Worker:
        """Fresh worker that has seen no student's code. SandboxMissing or ZygoteFailed if none can be started."""

    @abstractmethod
    def close(self) -> None:
        """End all workers."""

    def lives(self) -> bool:
        """Whether a worker can still be had. False if the process that makes them has ended."""
        return True

    def expect(self, number: int) -> None:  # noqa: B027  # most sources need no notice
        """Prepare for so many workers from now on."""

    @property
    def lacking(self) -> list[str]:
        """Limits that this system cannot set on the workers, in words."""
        return []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
