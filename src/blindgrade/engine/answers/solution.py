"""Solution as a module, also with one exercise replaced by an alternative or a misconception."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blindgrade.catalog import CourseError, LessonFiles
from blindgrade.engine.answers.lesson_checks import provide_toys
from blindgrade.engine.submission.notebook import without_pictures
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.models import Lesson

MARKERS = "blindgrade.known_answers"


@dataclass(frozen=True)
class Variant:
    """Known answer to `exercise`. `text` is the solution with this answer appended, or with one edit."""

    exercise: str
    name: str
    hint: str
    text: str
    line: int


class Solution:
    """Solution file of one lesson."""

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
            raise CourseError(f"{self.files.solution}: `{name}` is missing, and exercise `{exercise}` needs it")
        return "\n".join(self.text.splitlines()[node.lineno - 1 : node.end_lineno])

    @cached_property
    def module(self) -> LoadedLesson:
        """Solution as a loaded module: the reference."""
        return self.load(self.text)

    def load(self, text: str) -> LoadedLesson:
        """Module with `text` instead of the solution's text. CourseError if a line of it does not run."""
        provide_toys(self.files)
        loaded = load(self.files.module, text, str(self.files.solution))
        if loaded.problems:
            first = loaded.problems[0]
            raise CourseError(f"{self.files.solution}:{first.line}: {first.error.type}: {first.error.message}")
        return loaded

    def variant(self, variant: Variant) -> LoadedLesson:
        """Solution with this answer instead of its own."""
        return self.load(variant.text)


def parse(path: Path, text: str) -> ast.Module:
    """Syntax tree of the file. CourseError names the line that does not parse."""
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise CourseError(f"{path}:{error.lineno}: {error.msg}; correct the file") from None


def read_variants(path: Path, marker: str, solution: Solution) -> list[Variant]:
    """Alternatives or misconceptions in the file, in order. CourseError names the line of a wrong one.

    A replacement is appended to the solution's text. The last definition wins there, so the module's other functions
    call it.
    """
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    tree = parse(path, text)
    lines = text.splitlines()
    shared: list[str] = []
    marked: list[tuple[ast.stmt, ast.Call]] = []
    for node in tree.body:
        call = _marker(node)
        if call is not None:
            marked.append((node, call))
        elif not _is_boilerplate(node):
            shared.append("\n".join(lines[node.lineno - 1 : node.end_lineno]))
    prelude = "\n".join(shared)
    variants = []
    for node, call in marked:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name == "edit" and marker == "misconception":
            variants.append(_edited(path, call, solution))
        elif name == marker and isinstance(node, ast.FunctionDef | ast.ClassDef):
            variants.append(_replaced(path, node, call, prelude, solution))
    _check_unique(path, variants)
    return variants


def _marker(node: ast.stmt) -> ast.Call | None:
    calls: list[ast.expr] = []
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        calls = list(node.decorator_list)
    elif isinstance(node, ast.Expr):
        calls = [node.value]
    for call in calls:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            if call.func.id in ("alternative", "misconception", "edit"):
                return call
    return None


def _is_boilerplate(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module in (MARKERS, "__future__")
    return isinstance(node, ast.Expr)


def _arguments(path: Path, call: ast.Call, names: list[str]) -> dict[str, str]:
    try:
        given = dict(zip(names, [ast.literal_eval(a) for a in call.args], strict=False))
        given |= {k.arg or "": ast.literal_eval(k.value) for k in call.keywords}
    except ValueError:
        raise CourseError(f"{path}:{call.lineno}: write the arguments as plain strings") from None
    missing = [n for n in names if n not in given]
    if missing:
        raise CourseError(f"{path}:{call.lineno}: {', '.join(missing)} is missing; add it")
    return given


def _exercise(path: Path, call: ast.Call, name: str, solution: Solution) -> None:
    if name not in [e.name for e in solution.lesson.exercises]:
        raise CourseError(f"{path}:{call.lineno}: exercise `{name}` is not in {solution.files.spec}; correct its name")


def _edited(path: Path, call: ast.Call, solution: Solution) -> Variant:
    given = _arguments(path, call, ["exercise", "name", "old", "new", "hint"])
    _exercise(path, call, given["exercise"], solution)
    definition = solution.definition_text(given["exercise"])
    count = definition.count(given["old"])
    if count != 1:
        raise CourseError(
            f"{path}:{call.lineno}: {given['name']}: the text {given['old']!r} occurs {count} times in the solution of "
            f"`{given['exercise']}`; it must occur exactly once"
        )
    text = solution.text.replace(definition, definition.replace(given["old"], given["new"]), 1)
    return Variant(given["exercise"], given["name"], given["hint"], text, call.lineno)


def _replaced(
    path: Path, node: ast.FunctionDef | ast.ClassDef, call: ast.Call, prelude: str, solution: Solution
) -> Variant:
    names = ["exercise"] if isinstance(call.func, ast.Name) and call.func.id == "alternative" else ["exercise", "hint"]
    given = _arguments(path, call, names)
    _exercise(path, call, given["exercise"], solution)
    defines = solution.lesson.exercise(given["exercise"]).defines
    replacement = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(replacement, ast.FunctionDef | ast.ClassDef)
    replacement.decorator_list = [d for d in replacement.decorator_list if not _is_marker_call(d)]
    own_name = replacement.name
    replacement.name = defines
    code = ast.unparse(replacement)
    # The replacement may call itself by its own name.
    text = f"{solution.text}\n\n{prelude}\n\n{code}\n{own_name} = {defines}\n"
    return Variant(given["exercise"], own_name, given.get("hint", ""), text, node.lineno)


def _is_marker_call(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("alternative", "misconception")
    )


def _check_unique(path: Path, variants: list[Variant]) -> None:
    seen: set[tuple[str, str]] = set()
    for variant in variants:
        key = (variant.exercise, variant.name)
        if key in seen:
            raise CourseError(
                f"{path}:{variant.line}: `{variant.name}` of `{variant.exercise}` is defined twice; rename one"
            )
        seen.add(key)
