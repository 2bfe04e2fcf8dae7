"""The parts of an exercise in a lesson's four files, and a lesson's texts with one exercise more."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from blindgrade.authoring.cells import parse
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Kind
from blindgrade.scaffold.filling import filled
from blindgrade.scaffold.import_lines import split_imports, with_imports

HINTS = (
    "What should come out for the smallest input that you can think of?",
    "Which of the lesson's formulas is this?",
    "Write the formula for one row first, then for all rows at once.",
)
NEEDS = {
    "function": "from torch import Tensor",
    "class": "from torch import Tensor, nn",
    "training": "from torch import Tensor",
}


@dataclass(frozen=True)
class Parts:
    """What one exercise adds to the solution (cells), lesson.toml, checks.py and known_answers.py.

    `imports` are those that the solution's cells need. The other parts begin with their own.
    """

    solution: str
    spec: str
    checks: str
    known: str
    imports: tuple[ast.Import | ast.ImportFrom, ...] = ()


@dataclass(frozen=True)
class LessonTexts:
    """Texts of a lesson's four hand-written files."""

    solution: str
    spec: str
    checks: str
    known: str

    @classmethod
    def read(cls, files: LessonFiles) -> LessonTexts:
        """Texts of a lesson that exists. OSError if a file cannot be read."""
        paths = (files.solution, files.spec, files.private_checks, files.known_answers)
        return cls(*(path.read_text(encoding="utf-8-sig") for path in paths))

    def to_write(self, files: LessonFiles) -> dict[str, str]:
        """The texts by their paths below the course."""
        paths = (files.solution, files.spec, files.private_checks, files.known_answers)
        texts = (self.solution, self.spec, self.checks, self.known)
        return {path.relative_to(files.root).as_posix(): text for path, text in zip(paths, texts, strict=True)}

    def plus(self, parts: Parts) -> LessonTexts:
        """These texts with one exercise at their ends."""
        return replace(
            self,
            solution=_joined(with_cell_imports(self.solution, parts.imports), parts.solution),
            spec=_joined(self.spec, parts.spec, gap=1),
            checks=with_code(self.checks, parts.checks),
            known=with_code(self.known, parts.known),
        )


def example_parts(name: str, title: str, kind: Kind, points: float, concept: str) -> Parts:
    """Parts with an example to overwrite, whose proofs hold."""
    texts = filled(f"exercise/{kind.value}", {"name": name, "title": title})
    imports, _ = split_imports(f"import torch\n{NEEDS[kind.value]}\n")
    spec = spec_text(name, title, kind, points, concept, HINTS)
    return Parts(texts["solution.py"], spec, texts["checks.py"], texts["known_answers.py"], tuple(imports))


def spec_text(name: str, title: str, kind: Kind, points: float, concept: str, hints: Sequence[str]) -> str:
    """Entry of lesson.toml."""
    context = {"name": name, "title": title, "kind": kind.value, "concept": concept}
    return filled("exercise/entry", {**context, "points": f"{points:g}", "hints": hints})["lesson.toml"]


def with_cell_imports(source: str, imports: Iterable[ast.Import | ast.ImportFrom]) -> str:
    """The solution with these imports in its first code cell that is in the stub, too."""
    for node in imports:
        first = next((c for c in parse(source, "solution") if c.kind == "code" and not c.tags), None)
        if first is None:
            source = f"{source.rstrip()}\n\n# %%\n{ast.unparse(node)}\n"
        else:
            at = (first.first_line, first.first_line + first.source.count("\n"))
            source = with_imports(source, [node], at)
    return source


def with_code(text: str, part: str) -> str:
    """The text with a part at its end. The part's imports join those of the text."""
    imports, code = split_imports(part)
    return _joined(with_imports(text, imports), code)


def _joined(text: str, part: str, gap: int = 2) -> str:
    return text.rstrip() + "\n" * (gap + 1) + part.strip("\n") + "\n"
