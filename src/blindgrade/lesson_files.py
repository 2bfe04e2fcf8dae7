"""Paths of one lesson's files. Only this module and the catalog know where a file of a course is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from blindgrade.course import LessonEntry
from blindgrade.ids import FOLDER
from blindgrade.shared_files import SharedFiles, private_assets


@dataclass(frozen=True)
class LessonFiles:
    """Paths of a lesson's files, below the course's root."""

    root: Path
    entry: LessonEntry

    @property
    def folder(self) -> str:
        """Name of the lesson's folder, the same in every tree: "lesson_7_2_1_score_functions"."""
        return f"{self.entry.id.replace('-', '_').replace('.', '_')}_{self.entry.slug}"

    @property
    def module(self) -> str:
        """Name of the student's module: "score_functions"."""
        return self.entry.slug

    @property
    def modules(self) -> frozenset[str]:
        """Modules of all lessons in the course's public tree, as far as the names of their folders show them."""
        return _modules(self.root / "exercises")

    @property
    def exercises(self) -> Path:
        """The lesson's public folder."""
        return self.root / "exercises" / self.folder

    @property
    def spec(self) -> Path:
        """lesson.toml."""
        return self.exercises / "lesson.toml"

    @property
    def stub(self) -> Path:
        """File that the student edits."""
        return self.exercises / f"{self.module}.py"

    @property
    def notebook(self) -> Path:
        """The stub's text as a notebook."""
        return self.exercises / f"{self.module}.ipynb"

    @property
    def stubs(self) -> tuple[Path, ...]:
        """Files with the stub as it was released. In a student's folder, the stub itself has the student's answers."""
        base = self.root / ".blindgrade" / "base" / "exercises" / self.folder / f"{self.module}.py"
        return (base, self.stub) if self.solution.is_file() else (base,)

    @property
    def solution(self) -> Path:
        """Solution, from which stub and notebook are made."""
        return self.root / "solutions" / self.folder / f"{self.module}.py"

    @property
    def private_checks(self) -> Path:
        """All checks. A released course does not have this file."""
        return self.root / "graders" / self.folder / "checks.py"

    @property
    def public_checks(self) -> Path:
        """Public checks, generated from `private_checks`."""
        return self.exercises / "public_checks.py"

    @property
    def checks(self) -> Path:
        """Checks that this course can run: all of them, or only the public ones in a released course."""
        return self.private_checks if self.private_checks.is_file() else self.public_checks

    @property
    def answer_key(self) -> Path:
        """Results of the reference in the public checks, for the public seed."""
        return self.exercises / "answer_key.json"

    @property
    def known_answers(self) -> Path:
        """Known wrong answers, and known right answers that differ from the solution."""
        return self.root / "graders" / self.folder / "known_answers.py"

    @property
    def proof_record(self) -> Path:
        """Proofs of the lesson's trained exercises that were done before."""
        return self.root / "graders" / self.folder / "proofs.json"

    @property
    def equivalents(self) -> Path:
        """Mutants of the solution that are right answers, each with its reason."""
        return self.root / "graders" / self.folder / "equivalents.toml"

    @property
    def hidden_on_purpose(self) -> Path:
        """Wrong answers and promises that no public check covers, each with its reason."""
        return self.root / "graders" / self.folder / "hidden_on_purpose.toml"

    @property
    def shared(self) -> SharedFiles:
        """Public modules that every lesson may import, such as toys.py, and their data; as they are now."""
        return SharedFiles(self.root / "exercises")

    @property
    def grader_toys(self) -> Path:
        """Package of private toys, which experiments may import."""
        return self.root / "graders" / "grader_toys"

    @property
    def private_assets(self) -> list[Path]:
        """Data that private toys read."""
        return private_assets(self.root)


@cache
def _modules(exercises: Path) -> frozenset[str]:
    names = os.listdir(exercises) if exercises.is_dir() else []
    return frozenset(match["module"] for name in names if (match := FOLDER.fullmatch(name)))


def forget_folders() -> None:
    """Forget which lessons were found, in a process that lives longer than one command."""
    _modules.cache_clear()
