"""A student's answer as a sample: the code of one exercise, without what names its author."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from blindgrade.cohort_report.structure import Definition
from blindgrade.engine.answers.slices import defined_names
from blindgrade.engine.submission.reading import SubmissionError, read_submission
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Attempt, Lesson

READ = 40  # submissions of a group that are read at most
Statements = Sequence[ast.stmt]


@dataclass(frozen=True)
class Sample:
    """An answer: its own definition, and what it uses of the student's file, as code without comments.

    Neither has docstrings, annotations or texts of exceptions, because people write their names into texts.
    """

    code: str
    helpers: str = ""

    @property
    def whole(self) -> str:
        """Helpers and definition together."""
        return f"{self.helpers}\n\n\n{self.code}" if self.helpers else self.code


def shortest(files: LessonFiles, lesson: Lesson, exercise: str, attempts: Sequence[Attempt]) -> Sample | None:
    """The shortest answer among the attempts; None if no submission is where it was graded."""
    found = [one for attempt in attempts[:READ] if (one := _sample(files, lesson, exercise, attempt)) is not None]
    return min(found, key=lambda one: (len(one.whole), one.whole), default=None)


def sample_of(lesson: Lesson, exercise: str, text: str) -> Sample | None:
    """The exercise's answer in a file's text; None if the file does not define it."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    name = lesson.exercise(exercise).defines
    plain: list[ast.stmt] = [_Plain().visit(node) for node in body]  # before the uses: annotations need no import
    own = next((node for node in reversed(plain) if isinstance(node, Definition) and node.name == name), None)
    if own is None:
        return None
    others = {one.defines for one in lesson.exercises}
    return Sample(ast.unparse(own), _code(_used(own, [node for node in plain if node is not own], others)))


def _sample(files: LessonFiles, lesson: Lesson, exercise: str, attempt: Attempt) -> Sample | None:
    text = _text(files, lesson, attempt.submission.path, attempt.submission.sha256)
    found = sample_of(lesson, exercise, text)
    student = (attempt.student or "").lower()
    return None if found is None or (len(student) > 2 and student in found.whole.lower()) else found


@lru_cache(maxsize=512)
def _read(path: str, files: LessonFiles, defined: frozenset[str]) -> tuple[str, str]:
    """Digest and text of a submission's file for the lesson; empty if it cannot be read any more."""
    try:
        found = read_submission(Path(path), [files], {files.entry.id: set(defined)})[files.entry.id]
    except (SubmissionError, OSError):
        return "", ""
    return (found.sha256, found.text) if found is not None and not found.unreadable else ("", "")


def _text(files: LessonFiles, lesson: Lesson, path: str, sha256: str) -> str:
    """Text of the file that was graded; empty if it is another one now."""
    digest, text = _read(path, files, frozenset(exercise.defines for exercise in lesson.exercises))
    return text if digest == sha256 else ""


def _used(own: ast.stmt, body: Statements, exercises: Iterable[str]) -> list[ast.stmt]:
    """Statements of the file, in its order, that define what the answer uses, directly or through others."""
    apart = set(exercises)
    defined: dict[str, ast.stmt] = {}
    for node in body:
        for name in [node.name] if isinstance(node, Definition) else defined_names(node):
            if name not in apart:
                defined[name] = node  # the last one counts, as in Python
    wanted: set[int] = set()
    pending: list[ast.stmt] = [own]
    while pending:
        for part in ast.walk(pending.pop()):
            found = defined.get(part.id) if isinstance(part, ast.Name) else None
            if found is not None and id(found) not in wanted:
                wanted.add(id(found))
                pending.append(found)
    return [node for node in body if id(node) in wanted]


def _code(nodes: Iterable[ast.stmt]) -> str:
    """Code of the statements: imports below each other, and other statements apart."""
    code = ""
    before: ast.stmt | None = None
    for node in nodes:
        close = isinstance(before, ast.Import | ast.ImportFrom) and isinstance(node, ast.Import | ast.ImportFrom)
        code += ("" if before is None else "\n" if close else "\n\n\n") + ast.unparse(node)
        before = node
    return code


class _Plain(ast.NodeTransformer):
    """Removes docstrings, annotations of functions, and texts of exceptions."""

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        self.generic_visit(node)
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body = _without_text(node.body)
        node.returns = None
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self.generic_visit(node)
        node.body = _without_text(node.body)
        node.returns = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.body = _without_text(node.body)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node


def _without_text(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without bare texts, or `pass` if there is nothing else."""
    # A constant as a statement is a text or `...`.
    kept = [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    return kept or [ast.Pass()]
