"""Digest of the code of blindgrade that decides a result. If it changes, stored results are graded again.

The digest is made from syntax trees, so comments, docstrings and formatting do not count. Whole folders count, so a new
module counts until a line here gives the reason why it does not decide.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from blindgrade.engine.answers.slices import defined_names

PACKAGE = Path(__file__).parents[1]

DECIDES = {
    "engine/wire": "which parts of a reply are read, and the messages about replies that cannot be read",
    "engine/worker": "how a student's code runs, and the messages about its errors",
    "engine/submission": "which files and cells of a submission are read",
    "engine/answers": "the right answers, and the part of a check that runs on both sides",
    "engine/judging": "verdicts, diagnosis and points",
    "engine/grading": "the order of checks, budgets of time, and which exercise is blamed for another's failure",
    "places.py": "how a message names a line",
    "checks.py": "comparisons and their messages, and the inputs that a seed gives",
    "agreement.py": "the comparison of two replies, and its message",
    "wording.py": "the words of the messages",
    "state_dicts.py": "which parts of a student's module count, and the message about its keys",
    "known_answers.py": "how misconceptions are declared",
}
APART = {
    "engine/sandbox": "walls: a right answer does not depend on them, and an attempt names its sandbox",
    "engine/answers/answer_key.py": "stored attempts are judged by the solution, never by a key",
    "engine/submission/fingerprints.py": "which exercises `grade --watch` need not grade again",
    "engine/judging/collected_figures.py": "pictures, which are drawn after the verdict",
    "engine/judging/unexplained.py": "the choice of wrong answers to compare, after the verdict",
    "engine/judging/wrong_answers.py": "the comparison of wrong answers with each other, after the verdict",
    "environment.py": "the names of packages and their versions; an attempt has the versions",
    "engine/worker/large_pages.py": "only speed",
    "engine/worker/opened.py": "which results a student's own `grade` shows again without a run",
    "engine/grading/next_worker.py": "only speed",
    "engine/grading/in_process.py": "proofs of the course, which run no submission",
    "engine/grading/kernel.py": "grading inside a notebook, which stores no attempt",
    "engine/grading/regrading.py": "grading for `grade --watch`, which stores no attempt here",
}
MODELS = "models.py"  # only the parts that the modules above use count: a new field of the policy regrades nobody
EVERY = "*"


@cache
def code_digest(
    package: Path = PACKAGE, decides: tuple[str, ...] = tuple(DECIDES), apart: tuple[str, ...] = tuple(APART)
) -> str:
    """Digest of the code that decides results: of the folders and files in `decides` without those in `apart`."""
    whole = hashlib.sha256()
    used: set[str] = set()
    for path in deciding(package, decides, apart):
        tree = ast.parse(path.read_bytes())
        used |= set(_from_models(tree))
        whole.update(f"{path.relative_to(package).as_posix()}:{_digest(tree.body)};".encode())
    whole.update(f"{MODELS}:{_digest(_needed(ast.parse((package / MODELS).read_bytes()), used))}".encode())
    return whole.hexdigest()


def deciding(
    package: Path = PACKAGE, decides: Iterable[str] = tuple(DECIDES), apart: Iterable[str] = tuple(APART)
) -> Iterator[Path]:
    """Paths of the modules that count whole, in a fixed order."""
    left_out = tuple(package / name for name in apart)
    for place in (package / name for name in decides):
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if not any(other == path or other in path.parents for other in left_out):
                yield path


def _from_models(tree: ast.Module) -> Iterator[str]:
    """Names that a module imports from `models`; EVERY if it imports the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "blindgrade.models":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "blindgrade":
            yield from (EVERY for alias in node.names if alias.name == "models")
        elif isinstance(node, ast.Import):
            yield from (EVERY for alias in node.names if alias.name == "blindgrade.models")


def _needed(tree: ast.Module, names: set[str]) -> list[ast.stmt]:
    """Top-level statements that define these names, and all names that these statements need."""
    if EVERY in names:
        return tree.body
    defined: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        for name in defined_names(node):
            defined.setdefault(name, []).append(node)
    kept: set[ast.stmt] = set()
    pending = list(names)
    while pending:
        for node in defined.get(pending.pop(), ()):
            if node not in kept:
                kept.add(node)
                pending += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return [node for node in tree.body if node in kept or not defined_names(node)]


def _digest(statements: list[ast.stmt]) -> str:
    """Digest of the syntax. It is the same under every supported Python."""
    return hashlib.sha256(_written(ast.Module(statements, [])).encode("utf-8", "backslashreplace")).hexdigest()


def _written(part: object) -> str:
    if isinstance(part, list):
        return f"[{','.join(map(_written, part))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = dict(ast.iter_fields(part))
    if isinstance(part, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _documented(part):
        fields["body"] = part.body[1:]
    # A newer Python adds fields. They are empty in code that an older Python can read, so empty fields are left out.
    written = ",".join(f"{name}={_written(value)}" for name, value in fields.items() if value not in (None, []))
    return f"{type(part).__name__}({written})"


def _documented(part: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = part.body[0] if part.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
