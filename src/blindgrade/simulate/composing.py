"""A lesson's file as a simulated student would submit it: the stub's text with known answers in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from blindgrade.authoring.regions import MEANT, first_line_of
from blindgrade.authoring.stub import stub_text
from blindgrade.catalog import Catalog
from blindgrade.cohort_report.structure import rename
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson
from blindgrade.simulate.simulation import Choice, KnownAnswers


@dataclass(frozen=True)
class _Piece:
    """A definition, the helpers that its file defines, and whether it replaces the decorators too (`whole`)."""

    code: str
    helpers: str = ""
    whole: bool = False


class Pieces:
    """Known answers of one lesson, from which a file is composed. CourseError without the private trees."""

    def __init__(self, catalog: Catalog, lesson_id: str) -> None:
        self.files: LessonFiles = catalog.files(lesson_id)
        self.lesson: Lesson = catalog.lesson(self.files)
        self.solution = Solution(self.files, self.lesson)
        self.variants: dict[tuple[str, Choice], Variant] = {
            **{(v.exercise, Choice("alternative", v.name)): v for v in self.solution.known.right},
            **{(v.exercise, Choice("misconception", v.name)): v for v in self.solution.known.wrong},
        }
        self._pieces: dict[tuple[str, Choice], _Piece] = {}

    @cached_property
    def known(self) -> KnownAnswers:
        """Names of the answers, from which a cohort is drawn."""
        named: dict[str, dict[str, list[str]]] = {"alternative": {}, "misconception": {}}
        for exercise, choice in self.variants:
            named[choice.kind].setdefault(exercise, []).append(choice.name)
        return KnownAnswers(self.lesson, named["alternative"], named["misconception"])

    @cached_property
    def _stubs(self) -> dict[str, str]:
        text = stub_text(self.files.solution.read_text(encoding="utf-8"), self.files.solution.name)
        lines = text.split("\n")
        kinds = (ast.FunctionDef, ast.ClassDef)
        return {
            n.name: "\n".join(lines[n.lineno - 1 : n.end_lineno]) for n in ast.parse(text).body if isinstance(n, kinds)
        }

    def text(self, choices: Mapping[str, Choice], *, restyled: bool = False) -> str:
        """Text of the file with these choices. An exercise without a choice has the solution.

        With `restyled`, the text looks like a disguised copy: other local names, another layout, no comments.
        """
        lines = self.solution.text.split("\n")
        defined = {e: self.solution.definitions[self.lesson.exercise(e).defines] for e in choices}
        helpers: list[str] = []
        for exercise, node in sorted(
            defined.items(), key=lambda place: -place[1].lineno
        ):  # from the end, so that the line numbers above stay valid
            piece = self._piece(exercise, choices[exercise])
            if piece.helpers and piece.helpers not in helpers:
                helpers.append(piece.helpers)
            # A known answer that is a class may inherit from the solution's class, which must then be above it.
            above = (
                lines[first_line_of(node) - 1 : node.end_lineno]
                if piece.whole and isinstance(node, ast.ClassDef)
                else []
            )
            first = first_line_of(node) if piece.whole else node.lineno
            lines[first - 1 : node.end_lineno] = [*above, *piece.code.split("\n")]
        for shared in helpers:
            home = _home(lines, shared)
            lines[home:home] = ["", "", *shared.split("\n"), "", ""]
        text = "\n".join(line for line in lines if not MEANT.search(line))
        return _restyled(text) if restyled else text

    def _piece(self, exercise: str, choice: Choice) -> _Piece:
        if (exercise, choice) not in self._pieces:
            self._pieces[exercise, choice] = self._made(exercise, choice)
        return self._pieces[exercise, choice]

    def _made(self, exercise: str, choice: Choice) -> _Piece:
        name = self.lesson.exercise(exercise).defines
        if choice.kind == "solution":
            return _Piece(self.solution.definition_text(exercise))
        if choice.kind == "stub":
            return _Piece(self._stubs[name])
        text = self.variants[exercise, choice].text
        added = text.removeprefix(self.solution.text)
        lines, node = added.split("\n"), _last(added, name)
        if added == text:  # an edit: the definition without its decorators, which stay
            return _Piece("\n".join(lines[node.lineno - 1 : node.end_lineno]))
        start = first_line_of(node) - 1
        return _Piece("\n".join(lines[start:]).rstrip(), "\n".join(lines[:start]).strip(), whole=True)


def _last(text: str, name: str) -> ast.FunctionDef | ast.ClassDef:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [n for n in ast.parse(text).body if isinstance(n, kinds) and n.name == name][-1]


def _home(lines: list[str], helpers: str) -> int:
    """Index of the line above which the helpers go: above all definitions, but below the classes that they need."""
    classes = [n for n in ast.parse(helpers).body if isinstance(n, ast.ClassDef)]
    wanted = {base.id for c in classes for base in c.bases if isinstance(base, ast.Name)}
    home = next((n for n, line in enumerate(lines) if line.startswith(("def ", "class ", "@"))), 0)
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.ClassDef) and node.name in wanted:
            wanted.remove(node.name)
            home = node.end_lineno or home
    return home


def _restyled(text: str) -> str:
    tree = ast.parse(text)
    for node in tree.body:
        rename(node, lambda name: f"my_{name}", arguments=False)
    return ast.unparse(tree) + "\n"
