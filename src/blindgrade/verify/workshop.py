"""One lesson with everything that its proofs need: checks, solution, reference, known answers, uses of names."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.answers.solution_text import Variant, parse
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Exercise, Kind, Lesson

CALLED = re.compile(r"\blesson\.(\w+)")  # an experiment's parameter has this name
ANY = re.compile(r"\b(?:getattr|vars)\(lesson\b")  # any of its names


class Workshop:
    """A lesson of the catalog. Each part is made when it is first needed."""

    def __init__(self, root: Path, lesson_id: str) -> None:
        catalog = Catalog(root)
        self.files: LessonFiles = catalog.files(lesson_id)
        self.packages = catalog.course.environment.packages
        self.lesson: Lesson = catalog.lesson(self.files)
        self.course = catalog.course
        for path in (self.files.solution, self.files.known_answers):
            _must_parse(path)
        self.solution = Solution(self.files, self.lesson)

    @cached_property
    def checks(self) -> LessonChecks:
        """The lesson's checks."""
        return LessonChecks(self.files, self.lesson)

    @cached_property
    def public_checks(self) -> LessonChecks:
        """The lesson's public checks, as they are released. CourseError if the file is missing or does not load."""
        return LessonChecks(self.files, self.lesson, self.files.public_checks)

    @cached_property
    def reference(self) -> LiveReference:
        """The solution's results. Each is computed once."""
        return LiveReference(self.checks, self.solution)

    @cached_property
    def trusted(self) -> Trusted:
        """Grades modules in this process, next to the solution."""
        return Trusted.by(self.reference)

    @property
    def alternatives(self) -> list[Variant]:
        """Known right answers."""
        return self.solution.known.right

    @property
    def misconceptions(self) -> list[Variant]:
        """Known wrong answers."""
        return self.solution.known.wrong

    @property
    def failures(self) -> list[Variant]:
        """Wrong answers that are no misunderstanding."""
        return self.solution.known.fails

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """For each top-level name of the solution, the names that it uses, directly or through others."""
        direct = {name: _names(node) for name, node in _statements(self.solution.text).items()}
        return {name: _reach(name, direct) for name in direct}

    def requires(self, name: str) -> set[str]:
        """Names of the exercises that this one requires, directly or through others."""
        direct = {e.name: set(e.requires_here) for e in self.lesson.exercises}
        return _reach(name, direct)

    def touched_by(self, name: str) -> list[Exercise]:
        """Deterministic exercises whose solution or experiments use the solution's top-level `name`."""
        return [
            exercise
            for exercise in self.lesson.exercises
            if exercise.kind is not Kind.TRAINING and (exercise.defines == name or self._refers(exercise, name))
        ]

    def used_by(self, exercise: Exercise) -> set[str]:
        """Top-level names of the solution that the exercise or its experiments use, directly or through others."""
        called = {exercise.defines, *self._called(exercise)}
        return called.union(*(self.uses.get(name, set()) for name in called))

    def _refers(self, exercise: Exercise, name: str) -> bool:
        return name in self.uses.get(exercise.defines, set()) or name in self._called(exercise)

    def _called(self, exercise: Exercise) -> set[str]:
        """Names of the solution that the exercise's experiments take from it."""
        texts = [text for check in self.checks.of(exercise.name) for text in self.checks.slice(check).values()]
        if any(ANY.search(text) for text in texts):
            return set(self.uses)
        return {name for text in texts for name in CALLED.findall(text)}


def _must_parse(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(
            f"{path} is missing; write it, or give the lesson the status planned in course.toml"
        ) from None
    parse(path, text)


def _statements(text: str) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {n.id: node for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return found


def _names(node: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _reach(start: str, direct: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    pending = list(direct.get(start, ()))
    while pending:
        name = pending.pop()
        if name in direct and name not in seen:
            seen.add(name)
            pending += direct[name]
    return seen
