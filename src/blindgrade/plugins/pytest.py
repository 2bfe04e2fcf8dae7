"""`pytest graders/<lesson> --submission exercises`: a lesson's checks as pytest items, for authors.

Unsandboxed: the submission runs in pytest's own process, so that breakpoints and tracebacks work.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.engine.submission.reading import read_submission
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import CheckResult, Outcome


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our two options."""
    group = parser.getgroup("blindgrade")
    group.addoption("--submission", default=None, help="grade this submission instead of the solution")
    group.addoption("--check-seed", type=int, default=0, help="seed of the checks' random inputs")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every checks.py of a course's graders/ is a file of checks."""
    if file_path.name == "checks.py" and file_path.parent.parent.name == "graders":
        return ChecksFile.from_parent(parent, path=file_path)
    return None


class ChecksFile(pytest.File):
    """One lesson's checks.py."""

    def collect(self) -> Iterator[CheckItem]:
        """One item for each check."""
        catalog = Catalog.locate(self.path.parent)
        files = next(f for f in catalog.ready() if f.folder == self.path.parent.name)
        lesson = catalog.lesson(files)
        checks = LessonChecks(files, lesson)
        reference = LiveReference(checks, Solution(files, lesson))
        module = self._module(files, reference)
        for check in checks.all:
            yield CheckItem.from_parent(
                self, name=f"{check.exercise}/{check.name}", check=check, reference=reference, module=module
            )

    def _module(self, files: LessonFiles, reference: LiveReference) -> LoadedLesson:
        given = self.config.getoption("--submission")
        if given is None:
            return reference.solution.module
        lesson = reference.checks.lesson
        path = Path(given)
        defined = {files.entry.id: {e.defines for e in lesson.exercises}}
        found = read_submission(path, [files], defined)[files.entry.id]
        if found is None:
            raise pytest.UsageError(f"{path} holds no file for {files.entry.id}")
        if found.unreadable:
            raise pytest.UsageError(found.unreadable)
        return load(files.module, found.to_run, str(path.resolve() / found.file))


class CheckItem(pytest.Item):
    """One check on the submission."""

    def __init__(self, *, check: Check, reference: LiveReference, module: LoadedLesson, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check
        self.reference = reference
        self.module = module

    def runtest(self) -> None:
        """Run the experiment on both sides and judge."""
        seed = self.config.getoption("--check-seed")
        result = Trusted.by(self.reference).check(self.check, self.module, seed)
        if result.outcome is not Outcome.PASSED:
            raise CheckFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The claim and the message, not a traceback into the engine."""
        if isinstance(excinfo.value, CheckFailed):
            result = excinfo.value.result
            return f"{result.outcome}: {result.claim}\n  {result.message}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the check stands."""
        return self.path, self.check.experiment.__code__.co_firstlineno - 1, self.name


class CheckFailed(Exception):
    """A check that did not pass."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.message)
        self.result = result
