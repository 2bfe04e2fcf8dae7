"""Known right and wrong answers to the exercises of a lesson, read from its known_answers.py.

A replacement is appended to the solution's text. The last definition of a name wins there, so the module's other
functions use it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from blindgrade.catalog import CourseError
from blindgrade.engine.answers.solution_text import SolutionText, Variant, parse

MARKERS = "blindgrade.known_answers"
NAMES = ("exercise", "right", "wrong", "fails")
EDIT = ("name", "old", "new")
WORDS = {"right": EDIT, "wrong": (*EDIT, "hint"), "fails": EDIT}  # arguments of an edit


@dataclass(frozen=True)
class KnownAnswers:
    """Known answers of one lesson, in the order of the file.

    `fails` are wrong answers that are no misunderstanding.
    """

    right: list[Variant]
    wrong: list[Variant]
    fails: list[Variant]

    def digest(self, exercise: str) -> str:
        """Digest of the exercise's wrong answers. A diagnosis depends on them, and on no right answer."""
        whole = hashlib.sha256()
        for variant in self.wrong:
            if variant.exercise == exercise:
                whole.update(repr((variant.name, variant.hint, variant.text)).encode())
        return whole.hexdigest()


def read_known_answers(solution: SolutionText) -> KnownAnswers:
    """Known answers of the lesson; none if the file is missing. CourseError names the line of a wrong entry."""
    path = solution.files.known_answers
    if not path.is_file():
        return KnownAnswers([], [], [])
    reader = _Reader(path, path.read_text(encoding="utf-8"), solution)
    found = [variant for variant in map(reader.read, reader.tree.body) if variant is not None]
    kinds = {kind: [v for v, own in found if own == kind] for kind in WORDS}
    for variants in kinds.values():
        _check_unique(path, variants)
    return KnownAnswers(kinds["right"], kinds["wrong"], kinds["fails"])


class _Reader:
    """Reads the statements of one file in their order."""

    def __init__(self, path: Path, text: str, solution: SolutionText) -> None:
        self.path = path
        self.solution = solution
        self.tree = parse(path, text)
        self.exercise = ""
        lines = text.splitlines()
        shared = [node for node in self.tree.body if _is_shared(node)]
        self.prelude = "\n".join(line for node in shared for line in lines[_first_line(node) - 1 : node.end_lineno])

    def read(self, node: ast.stmt) -> tuple[Variant, str] | None:
        """Answer that the statement marks, with its kind; None if it marks none."""
        marker = _marker(node)
        if marker is None:
            return None
        kind, arguments = marker
        if kind == "exercise":
            self.exercise = self._named(node, arguments)
            return None
        if not self.exercise:
            raise self._error(node, 'exercise("…") must come before the first answer; add it')
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return self._replaced(node, self._strings(node, arguments, WORDS[kind][3:])), kind
        return self._edited(node, self._strings(node, arguments, WORDS[kind])), kind

    def _named(self, node: ast.stmt, arguments: ast.Call | None) -> str:
        name = self._strings(node, arguments, ("name",))["name"]
        if name not in [e.name for e in self.solution.lesson.exercises]:
            raise self._error(node, f"exercise `{name}` is not in {self.solution.files.spec}; correct its name")
        return name

    def _edited(self, node: ast.stmt, given: dict[str, str]) -> Variant:
        definition = self.solution.definition_text(self.exercise)
        count = definition.count(given["old"])
        if count != 1:
            raise self._error(
                node,
                f"{given['name']}: the text {given['old']!r} occurs {count} times in the solution of"
                f" `{self.exercise}`; it must occur exactly once",
            )
        text = self.solution.text.replace(definition, definition.replace(given["old"], given["new"]), 1)
        return Variant(self.exercise, given["name"], given.get("hint", ""), text, node.lineno)

    def _replaced(self, node: ast.FunctionDef | ast.ClassDef, given: dict[str, str]) -> Variant:
        defines = self.solution.lesson.exercise(self.exercise).defines
        replacement = ast.parse(ast.unparse(node)).body[0]
        assert isinstance(replacement, ast.FunctionDef | ast.ClassDef)
        replacement.decorator_list = [d for d in replacement.decorator_list if _called(d) is None]
        replacement.name = defines
        code = ast.unparse(replacement)
        # The replacement may call itself by its own name.
        text = f"{self.solution.text}\n\n{self.prelude}\n\n{code}\n{node.name} = {defines}\n"
        return Variant(self.exercise, node.name, given.get("hint", ""), text, node.lineno)

    def _strings(self, node: ast.stmt, call: ast.Call | None, names: Iterable[str]) -> dict[str, str]:
        positional, keywords = (call.args, call.keywords) if call else ([], [])
        names = list(names)
        if len(positional) > len(names):
            raise self._error(node, f"it takes {', '.join(names) or 'no argument'}; remove the others")
        try:
            given = {name: ast.literal_eval(value) for name, value in zip(names, positional, strict=False)}
            given |= {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in keywords}
        except ValueError:
            raise self._error(node, "write the arguments as plain strings") from None
        if missing := [name for name in names if not isinstance(given.get(name), str)]:
            raise self._error(node, f"{', '.join(missing)} is missing; add it")
        if unknown := sorted(set(given) - set(names)):
            raise self._error(node, f"there is no argument {', '.join(unknown)}; remove it")
        return given

    def _error(self, node: ast.stmt, text: str) -> CourseError:
        return CourseError(f"{self.path}:{node.lineno}: {text}")


def _marker(node: ast.stmt) -> tuple[str, ast.Call | None] | None:
    """Marker of a statement with its call. The call is None for a decorator without arguments."""
    marks: list[ast.expr] = []
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        marks = node.decorator_list
    elif isinstance(node, ast.Expr):
        marks = [node.value] if isinstance(node.value, ast.Call) else []
    for mark in marks:
        if (name := _called(mark)) is not None:
            return name, mark if isinstance(mark, ast.Call) else None
    return None


def _called(mark: ast.expr) -> str | None:
    function = mark.func if isinstance(mark, ast.Call) else mark
    return function.id if isinstance(function, ast.Name) and function.id in NAMES else None


def _is_shared(node: ast.stmt) -> bool:
    """Is it an import, helper or constant that the replacements may use?"""
    if isinstance(node, ast.ImportFrom):
        return node.module not in (MARKERS, "__future__")
    return not isinstance(node, ast.Expr) and _marker(node) is None


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _check_unique(path: Path, variants: list[Variant]) -> None:
    seen: set[tuple[str, str]] = set()
    for variant in variants:
        key = (variant.exercise, variant.name)
        if key in seen:
            raise CourseError(
                f"{path}:{variant.line}: `{variant.name}` of `{variant.exercise}` is defined twice; rename one"
            )
        seen.add(key)
