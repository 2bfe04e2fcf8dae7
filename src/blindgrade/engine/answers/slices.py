"""Slices of a checks file. A slice is the part that one experiment needs; nothing else of the file enters the worker.

A slice is the text of a module in which everything is blank except the experiment, the top-level names that it uses,
and the names that those use, across `checks.py` and the private toys. Blank lines keep the line numbers. Verdicts,
thresholds, other experiments and unused toys stay in the grader.
"""

from __future__ import annotations

import ast
import hashlib
import json
import marshal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType

from blindgrade.engine.answers import syntax

TOYS = "grader_toys"
MAIN = "experiment"


class SliceError(Exception):
    """The file cannot be cut. The message says where and what to do."""


@dataclass
class Source:
    """Text of one module and its top-level definitions. SliceError if it does not parse."""

    path: Path
    text: str
    tree: ast.Module = field(init=False)
    definitions: dict[str, ast.stmt] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.tree = ast.parse(self.text)
        except SyntaxError as error:
            raise SliceError(f"{self.path}:{error.lineno}: {error.msg}; correct the file") from None
        self.definitions = {name: node for node in self.tree.body for name in defined_names(node)}


def defined_names(node: ast.stmt) -> list[str]:
    """Names that a top-level statement defines or imports."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign):
        return [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


class Slicer:
    """Cuts slices out of one lesson's checks file."""

    def __init__(self, checks: Path, toys: Path) -> None:
        self.toys = toys
        self._sources = {MAIN: Source(checks, checks.read_text(encoding="utf-8"))}
        self._used = cache(_used)  # many checks share their helpers

    def cut(self, names: Iterable[str], *, decorators: bool = False) -> dict[str, str]:
        """Text of each module, by its name, with the named definitions and all that they need.

        With `decorators`, the named functions keep their decorators. The released checks need them, with their
        verdicts. An experiment does not.
        """
        closure = self._closure(names, decorators)
        return {module: self._render(module, kept, decorators) for module, kept in closure.items()}

    def digest(self, names: Iterable[str]) -> str:
        """Digest of the slice with its decorators, for answer keys. It is the same under every Python.

        It changes with the check, but not with its comments.
        """
        return self._digest(names, syntax.form)

    def local_digest(self, names: Iterable[str]) -> str:
        """Digest of the slice with its decorators, for what stays on one machine: proofs and attempts.

        `ast.unparse` writes f-strings in another way from Python 3.12 on. A stored proof is worth hours, so its digest
        stays as it was.
        """
        return self._digest(names, ast.unparse)

    def _digest(self, names: Iterable[str], written: Callable[[ast.stmt], object]) -> str:
        parts = {
            module: [written(_only(node, kept[node])) for node in self._source(module).tree.body if node in kept]
            for module, kept in self._closure(names, decorators=True).items()
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _source(self, module: str) -> Source:
        if module not in self._sources:
            path = self.toys / f"{module.removeprefix(TOYS).lstrip('.').replace('.', '/') or '__init__'}.py"
            if not path.is_file():
                raise SliceError(f"{self._sources[MAIN].path} imports {module}, but {path} does not exist; create it")
            self._sources[module] = Source(path, path.read_text(encoding="utf-8"))
        return self._sources[module]

    def _closure(self, names: Iterable[str], decorators: bool) -> dict[str, dict[ast.stmt, set[str]]]:
        """Top-level statements to keep in each module, and the names that are needed from each statement."""
        kept: dict[str, dict[ast.stmt, set[str]]] = {}
        pending = [(MAIN, name) for name in names]
        seen: set[tuple[str, str]] = set()
        while pending:
            module, name = pending.pop()
            if (module, name) in seen:
                continue
            seen.add((module, name))
            node = self._source(module).definitions.get(name)
            if node is None:
                continue
            kept.setdefault(module, {}).setdefault(node, set()).add(name)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == TOYS:
                pending += [(node.module, alias.name) for alias in node.names if (alias.asname or alias.name) == name]
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                pending += [(module, used) for used in self._used(node, decorators)]
        return kept

    def _render(self, module: str, kept: dict[ast.stmt, set[str]], decorators: bool) -> str:
        source = self._source(module)
        lines = source.text.splitlines()
        out = [""] * len(lines)
        for node, wanted in kept.items():
            first = node.lineno
            if isinstance(node, ast.ImportFrom):
                out[first - 1] = ast.unparse(_only(node, wanted))
                continue
            if decorators and isinstance(node, ast.FunctionDef | ast.ClassDef) and node.decorator_list:
                first = min(d.lineno for d in node.decorator_list)
            elif isinstance(node, ast.ClassDef) and node.decorator_list:
                first = min(d.lineno for d in node.decorator_list)  # @dataclass is a part of the class
            out[first - 1 : node.end_lineno] = lines[first - 1 : node.end_lineno]
        future = [n for n in source.tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
        for node in future:
            out[node.lineno - 1] = lines[node.lineno - 1]
        return "\n".join(out).rstrip() + "\n"


def _only(node: ast.stmt, wanted: set[str]) -> ast.stmt:
    """An import of the wanted names alone, because the slice lacks the others. Any other statement unchanged."""
    if not isinstance(node, ast.ImportFrom):
        return node
    names = [alias for alias in node.names if (alias.asname or alias.name) in wanted]
    return ast.ImportFrom(module=node.module, names=names, level=node.level)


def _used(node: ast.stmt, decorators: bool) -> set[str]:
    skipped: set[ast.AST] = set()
    if isinstance(node, ast.FunctionDef) and not decorators:
        skipped = {inner for decorator in node.decorator_list for inner in ast.walk(decorator)}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n not in skipped}


def compiled(modules: dict[str, str], paths: dict[str, str] | None = None) -> dict[str, CodeType]:
    """Code of a slice's modules, with their paths if given. SyntaxError if a module does not parse."""
    names = paths or {}
    return {m: compile(text, names.get(m, _nameless(m)), "exec", dont_inherit=True) for m, text in modules.items()}


def for_worker(modules: dict[str, CodeType]) -> dict[str, bytes]:
    """The same code without paths, as bytes. A worker runs the same Python, so it need not compile again."""
    return {module: marshal.dumps(_renamed(code, _nameless(module))) for module, code in modules.items()}


def _nameless(module: str) -> str:
    return f"<{module}>"


def _renamed(code: CodeType, path: str) -> CodeType:
    inner = (_renamed(c, path) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.replace(co_filename=path, co_consts=tuple(inner))
