"""Digests of the toys that an exercise uses, with their data. A change of other toys leaves its proofs as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from blindgrade.models import Exercise
from blindgrade.shared_files import ASSETS
from blindgrade.verify.workshop import Workshop
from blindgrade.versions.digests import digest_of_file


class ToysUsed:
    """Shared files and private data of a course, as far as parts of one lesson use them.

    Statements are given as `ast.dump` writes them. `shared` are the solution's statements that define nothing.
    """

    def __init__(self, workshop: Workshop, shared: str) -> None:
        self.workshop = workshop
        self.files = workshop.files.shared  # one look at the folder for all digests
        self._shared = _without_imports(shared)
        self._digests: dict[Path, str] = {}

    def of_lesson(self) -> list[str]:
        """Digests of all that any exercise of the lesson uses."""
        texts = [self.workshop.solution.text, *self.workshop.checks.texts]
        return self._digests_of([*self.files.needed_by(texts), *self._private(texts)])

    def of_exercise(self, exercise: Exercise, solution: Iterable[str]) -> list[str]:
        """Digests for an exercise. `solution` are the solution's definitions that it uses."""
        checks = self.workshop.checks
        names = [check.name for check in checks.of(exercise.name)]
        cut = checks.slicer.cut(names, decorators=True)
        used = self._modules([*solution, self._shared], self.workshop.solution.text)
        paths = self.files.behind(used | self.files.imported_by(cut.values()))
        return self._digests_of([*paths, *self._private(cut.values())])

    def of_statements(self, dumps: list[str], text: str) -> list[str]:
        """Digests for statements of a changed solution, which is `text`. None if they use no toys."""
        return self._digests_of(self.files.behind(self._modules(dumps, text)))

    def _modules(self, dumps: Iterable[str], text: str) -> set[str]:
        """Shared modules whose names occur in the statements, or names that `text` imports from them."""
        whole = "\n".join(dumps)
        found = {name for name in self.files.modules if f"'{name}'" in whole}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module in self.files.modules:
                if any(alias.name == "*" or f"'{alias.asname or alias.name}'" in whole for alias in node.names):
                    found.add(node.module)
            elif isinstance(node, ast.Import):
                named = {alias.name: alias.asname or alias.name for alias in node.names}
                found |= {n for n, known in named.items() if n in self.files.modules and f"'{known}'" in whole}
        return found

    def _private(self, texts: Iterable[str]) -> list[Path]:
        return self.workshop.files.private_assets if any(ASSETS in text for text in texts) else []

    def _digests_of(self, paths: Iterable[Path]) -> list[str]:
        for path in paths:
            if path not in self._digests:
                self._digests[path] = digest_of_file(path)
        return [self._digests[path] for path in paths]


def _without_imports(shared: str) -> str:
    return "\n".join(line for line in shared.split("\n") if not line.startswith(("Import(", "ImportFrom(")))
