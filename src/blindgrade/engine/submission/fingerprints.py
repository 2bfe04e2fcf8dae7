"""Which exercises' code changed between two saves: a digest of each one's definition and of all that it uses."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import defaultdict
from dataclasses import dataclass

from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.submission.statements import IMPORTS, binds, uses
from blindgrade.models import Exercise, Lesson, Outcome


class DoesNotParse(Exception):
    """The lesson's file is no Python at the moment; the text says where and why."""


@dataclass(frozen=True)
class Fingerprint:
    """Of an exercise's code: `own` covers its definition, `whole` also all that this uses."""

    own: str = ""
    whole: str = ""


@dataclass(frozen=True)
class _Statement:
    """A top-level statement: what it is called, what it needs, and its syntax without places and comments."""

    binds: set[str]
    uses: set[str]
    syntax: str
    imports: set[str]  # first parts of the modules that it imports


def fingerprints(submission: LessonSubmission, lesson: Lesson) -> dict[str, Fingerprint]:
    """Each exercise with digests of its code: its definition, the names of the file that this reads, in turn theirs.

    Statements that name nothing (a loop, a call at the margin) and data files count for every exercise, helper files
    for those whose code imports one. DoesNotParse if the file does not.
    """
    statements = _statements(submission)
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, statement in enumerate(statements):
        for name in statement.binds:
            by_name[name].append(number)
    modules = {name.split("/")[0].removesuffix(".py") for name in submission.files if name != submission.file}
    loose = [n for n, one in enumerate(statements) if not one.binds or "*" in one.binds]
    data = _digest_files(submission, python=False)
    helpers = _digest_files(submission, python=True)
    found = {}
    for exercise in lesson.exercises:
        own = hashlib.sha256("\0".join(statements[n].syntax for n in by_name.get(exercise.defines, [])).encode())
        numbers = _reached([exercise.defines], loose, statements, by_name)
        digest = hashlib.sha256(data)
        for number in numbers:
            digest.update(statements[number].syntax.encode() + b"\0")
        if any(statements[number].imports & modules for number in numbers):
            digest.update(helpers)
        found[exercise.name] = Fingerprint(own.hexdigest(), digest.hexdigest())
    return found


def to_grade(lesson: Lesson, changed: set[str], outcomes: dict[str, Outcome]) -> list[str]:
    """The changed exercises and those whose blame hangs on one of them, in the lesson's order."""
    wanted = set(changed)
    for exercise in lesson.exercises:
        if wanted & set(exercise.requires_here) and _may_be_blocked(exercise, outcomes):
            wanted.add(exercise.name)
    return [e.name for e in lesson.exercises if e.name in wanted]


def _may_be_blocked(exercise: Exercise, outcomes: dict[str, Outcome]) -> bool:
    return outcomes.get(exercise.name) in (Outcome.BLOCKED, Outcome.FAILED)


def _statements(submission: LessonSubmission) -> list[_Statement]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's "\d" is reported when Python runs it, not here
            body = ast.parse(submission.text).body
    except SyntaxError as error:
        raise DoesNotParse(f"{submission.lines.where(error.lineno or 1)}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise DoesNotParse(f"{submission.file}: {type(error).__name__}") from None
    return [_statement(node) for node in body if not _is_text(node)]


def _statement(node: ast.stmt) -> _Statement:
    names, roots = binds(node)
    imports = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            imports |= {alias.name.split(".")[0] for alias in inner.names}
        elif isinstance(inner, ast.ImportFrom):
            imports.add((inner.module or "").split(".")[0])
    read = set() if isinstance(node, IMPORTS) else uses(node)
    # `Model.forward = f` belongs to Model.
    return _Statement(names | roots, read, ast.dump(node), imports)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _reached(
    names: list[str], start: list[int], statements: list[_Statement], by_name: dict[str, list[int]]
) -> list[int]:
    reached = set(start)
    waiting = [*(n for name in names for n in by_name.get(name, [])), *start]
    while waiting:
        number = waiting.pop()
        reached.add(number)
        for name in statements[number].uses:
            waiting += [n for n in by_name.get(name, []) if n not in reached and n not in waiting]
    return sorted(reached)


def _digest_files(submission: LessonSubmission, *, python: bool) -> bytes:
    digest = hashlib.sha256()
    for name, content in sorted(submission.files.items()):
        if name != submission.file and name.endswith(".py") == python:
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.digest()
