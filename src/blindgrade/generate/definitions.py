"""Exercises of a lesson against the solution: each one is defined there, with a region."""

from __future__ import annotations

import ast
import difflib

from blindgrade.authoring.regions import BEGIN
from blindgrade.catalog import CourseError
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson
from blindgrade.toml_faults import at


def check_definitions(files: LessonFiles, lesson: Lesson, source: str) -> None:
    """CourseError if the solution lacks the definition of an exercise, or if that has no region."""
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise CourseError(f"{files.solution}:{error.lineno}: {error.msg}; correct the file") from None
    defined = {
        node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    lines = source.splitlines()
    for number, exercise in enumerate(lesson.exercises):
        node = defined.get(exercise.defines)
        place = at(files.spec, "exercise", number, "defines" if exercise.defines != exercise.name else "name")
        if node is None:
            solution = files.solution.relative_to(files.root)
            others = [name for name in defined if name not in [e.defines for e in lesson.exercises]]
            near = difflib.get_close_matches(exercise.defines, others, n=1)
            guess = f" Did you mean `{near[0]}`?" if near else ""
            raise CourseError(
                f"{place}: {solution} does not define `{exercise.defines}`; define it there, or rename the"
                f" exercise in the lesson's four files.{guess}"
            )
        if not any(line.strip() == BEGIN for line in lines[node.lineno - 1 : node.end_lineno]):
            raise CourseError(
                f"{files.solution}:{node.lineno}: `{exercise.defines}` has no `{BEGIN}`, so students would get the"
                " answer; put the region's markers around it"
            )
