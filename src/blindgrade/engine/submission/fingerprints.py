"""Fingerprints of exercises, which show the changes between two saves: digests of definitions and all that they use."""

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
    """The lesson's file is not valid Python now. The message says where and why."""


@dataclass(frozen=True)
class Fingerprint:
    """Digests of an exercise's code. `own` covers its definition; `whole` also covers all code that it uses."""

    own: str = ""
    whole: str = ""


@dataclass(frozen=True)
class _Statement:
    """Top-level statement: names that it binds, names that it uses, and its syntax without places and comments."""

    binds: set[str]
    uses: set[str]
    syntax: str
    imports: set[str]  # first parts of the modules that it imports


def fingerprints(submission: LessonSubmission, lesson: Lesson) -> dict[str, Fingerprint]:
    """Fingerprint of each exercise: its definition, the file's names that it reads, and the names that those read.

    Statements that bind no name (a loop, a call at the margin) and data files belong to every exercise. Helper files
    belong to the exercises whose code imports one of them. DoesNotParse if the file does not parse.
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
    """Exercises to grade, in the lesson's order: the changed ones, and failed or blocked ones that require them."""
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
        raise DoesNotParse(f"{submission.lines.file}: {type(error).__name__}") from None
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
