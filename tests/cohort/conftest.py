"""A small cohort for the mini course: golden submissions under students' names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, Target
from blindgrade.cohort.grading import Result
from blindgrade.cohort.run import Grade, Summary, grade_cohort, in_processes
from blindgrade.cohort.settings import Settings
from blindgrade.submitted import read_submitted

TESTS = Path(__file__).parents[1]
CASES = TESTS / "submissions" / "mini"
COHORT = {
    "ada": "all_right", "ben": "wrong_and_blocked", "cleo": "raises", "dan": "syntax_error",
    "eva": "prints_and_fails", "fay": "returns_nan",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # runs fork


def hand_in(folder: Path, students: dict[str, str]) -> Path:
    for student, case in students.items():
        (folder / student).mkdir(parents=True)
        shutil.copy(CASES / case / "basics.py", folder / student)
    return folder


class Kit:
    """Steps that these tests share."""

    LESSON = "lesson-1.1.1"
    COHORT = COHORT
    MINI = TESTS / "courses" / "mini"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hand_in(self, students: dict[str, str], where: str = "submitted") -> Path:
        """Folder of submissions: a golden case for each student."""
        for student, case in students.items():
            (self.folder / where / student).mkdir(parents=True)
            shutil.copy(CASES / case / "basics.py", self.folder / where / student)
        return self.folder / where

    def collected(self, submitted: Path, times: dict[str, str]) -> None:
        """Write the times of submission as `course collect` does."""
        text = json.dumps({"students": {student: {"submitted_at": time} for student, time in times.items()}})
        (submitted / ".collected.json").write_text(text)

    def course(self) -> Path:
        """A copy of the mini course that a test may change."""
        root = self.folder / "course"
        shutil.copytree(self.MINI, root, ignore=shutil.ignore_patterns("__pycache__"))
        return root

    def targets(self, course: Path | None = None) -> list[Target]:
        """The lesson."""
        return Catalog(course or self.MINI).find([self.LESSON])

    def grade(
        self,
        submitted: Path,
        store: AttemptStore,
        course: Path | None = None,
        report: Callable[[Result, int, int], None] = lambda *_: None,
        how: Grade = in_processes,
        workers: int = 2,
        **settings: object,
    ) -> Summary:
        """Grade the cohort. Each worker starts a warm process, which takes most of the time of a small cohort."""
        submissions, _ = read_submitted(submitted)
        chosen = Settings(workers=workers, **settings)  # type: ignore[arg-type]
        return grade_cohort(self.targets(course), submissions, submitted, store, chosen, report, how)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)
