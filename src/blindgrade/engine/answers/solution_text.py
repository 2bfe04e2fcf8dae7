"""Text of a lesson's solution and of its known answers. Nothing here imports torch."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blindgrade.catalog import CourseError
from blindgrade.engine.submission.notebook import without_pictures
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson


@dataclass(frozen=True)
class Variant:
    """Known answer to `exercise`. `text` is the solution with this answer appended, or with one edit."""

    exercise: str
    name: str
    hint: str
    text: str
    line: int


class SolutionText:
    """Solution file of one lesson, read and not loaded."""

    def __init__(self, files: LessonFiles, lesson: Lesson) -> None:
        self.files = files
        self.lesson = lesson
        self.text = without_pictures(files.solution.read_text(encoding="utf-8"))

    @cached_property
    def definitions(self) -> dict[str, ast.FunctionDef | ast.ClassDef]:
        """Top-level functions and classes, by name."""
        tree = parse(self.files.solution, self.text)
        return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}

    def definition_text(self, exercise: str) -> str:
        """Text of the exercise's definition in the solution. CourseError if there is none."""
        name = self.lesson.exercise(exercise).defines
        node = self.definitions.get(name)
        if node is None:
            raise CourseError(
                f"{self.files.solution}: `{name}` is missing, and exercise `{exercise}` needs it; define it"
            )
        return "\n".join(self.text.splitlines()[node.lineno - 1 : node.end_lineno])


def parse(path: Path, text: str) -> ast.Module:
    """Syntax tree of the file. CourseError names the line that does not parse."""
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise CourseError(f"{path}:{error.lineno}: {error.msg}; correct the file") from None
