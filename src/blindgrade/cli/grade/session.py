"""What a resident keeps from one command to the next: the warm process, the lessons' checks and reference replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blindgrade.catalog import Target
from blindgrade.cli.grade.job import Job
from blindgrade.engine.grading.choosing import workers_for
from blindgrade.engine.grading.next_worker import Ahead
from blindgrade.engine.grading.optimizers import needs_optimizer
from blindgrade.models import Grading
from blindgrade.resident.snapshot import Snapshot

if TYPE_CHECKING:  # these import torch, and the first line of the first command must not wait for it
    from blindgrade.engine.grading.options import Options
    from blindgrade.engine.grading.references import References


class Session:
    """Kept by a resident. `again` and `interrupted` are those of the present command."""

    def __init__(self, files: Snapshot) -> None:
        self.again = False
        self.interrupted: Callable[[], bool] = lambda: False
        self.lessons: list[str] = []
        self._files = files
        self._warm: Ahead | None = None
        self._for: tuple[str, bool, int, tuple[str, ...]] = ("", False, 0, ())
        self._references: References | None = None

    @contextmanager
    def warm(self, job: Job) -> Iterator[Ahead]:
        """Warm process for these lessons. It runs on after the context."""
        self._files.add(path for target in job.targets for path in _judging(target))
        needed = _needed(job.targets, job.options["sandbox"])
        if self._warm is not None and (not _fits(self._for, needed) or not self._warm.lives()):
            self.close()
        if self._warm is None:
            self._warm = Ahead(workers_for(job.targets, sandbox=job.options["sandbox"]))
            self._for = needed
            self._warm.start()
        self._warm.expect(len(job.targets))
        yield self._warm

    def grade(self, job: Job, options: Options) -> Grading:
        """Grade in the warm process; unchanged exercises of the student's own files are not run."""
        from blindgrade.engine.grading import runner
        from blindgrade.engine.grading.references import References
        from blindgrade.unchanged.grading import Grader
        from blindgrade.unchanged.store import Store

        warm = self._warm
        assert warm is not None
        if self._references is None:
            self._references = References()
        self.lessons += [t.files.entry.id for t in job.targets if t.files.entry.id not in self.lessons]
        if job.submission != job.catalog.root / "exercises" or job.drawn or options.reference == "live":
            return runner.grade(job.catalog, job.targets, job.submission, options, warm, self._references)
        grader = Grader(Store(job.catalog.local), warm, self._references, self.again)
        return grader.grade(job.targets, job.submission, options)

    def rest(self) -> None:
        """Start the next worker."""
        if self._warm is not None:
            self._warm.prepare()

    def shed(self) -> None:
        """Give back what the next command can make again."""
        self._references = None
        self.close()

    def close(self) -> None:
        """End the warm process."""
        warm, self._warm = self._warm, None
        if warm is not None:
            warm.close()


def _needed(targets: list[Target], sandbox: str) -> tuple[str, bool, int, tuple[str, ...]]:
    """What a warm process for these lessons must have; see `workers_for`."""
    exercises = [t.lesson.exercise(name) for t in targets for name in t.exercises]
    packages = tuple(dict.fromkeys(name for target in targets for name in target.packages))
    memory = max((e.memory_mb for e in exercises), default=0)
    return sandbox, any(map(needs_optimizer, targets)), memory, packages


def _fits(has: tuple[str, bool, int, tuple[str, ...]], needed: tuple[str, bool, int, tuple[str, ...]]) -> bool:
    # An optimizer that was imported ahead, and a higher limit of all workers together, do no harm to other lessons.
    return (has[0], has[3]) == (needed[0], needed[3]) and has[1] >= needed[1] and has[2] >= needed[2]


def _judging(target: Target) -> list[Path]:
    """Files that judge the lesson and are read once."""
    files = target.files
    return [files.spec, files.public_checks, files.answer_key, *files.shared.paths, *files.stubs]
