"""Keys of results: digests of all that a result depends on, but for the files that the code opened."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path

import numpy
import torch

from blindgrade import environment
from blindgrade.catalog import Target
from blindgrade.engine.grading.options import Options
from blindgrade.engine.submission.fingerprints import Fingerprint
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.submission.statements import DEFINITIONS, IMPORTS, binds, tree_of, uses
from blindgrade.models import Exercise, Lesson
from blindgrade.versions.course_version import lesson_files
from blindgrade.versions.digests import digest_of, digest_of_file

MOST = 256 << 20  # bytes of an opened file; a larger one is not read for its digest
NO_FILE = "-"


def lesson_key(target: Target, options: Options, sandbox: str) -> str:
    """Digest of everything that all exercises of a lesson depend on: grader, Python, torch, checks, key and options."""
    files = target.files
    return digest_of(
        lesson_files(target),
        digest_of_file(files.answer_key),
        [digest_of_file(path) for path in files.stubs],
        _software(target.packages),
        target.lesson.model_dump(mode="json", include={"id", "title", "seconds"}),
        [options.sandbox, sandbox, options.device, options.reference],
    )


def exercise_key(lesson: str, of: Lesson, exercise: Exercise, code: dict[str, Fingerprint]) -> str:
    """Key of one exercise: of its code, and of the code of all exercises that can be to blame for its failure."""
    needed = _required(of, exercise)
    return digest_of(
        lesson,
        [one.model_dump(mode="json") for one in needed],
        [(one.name, code[one.name].own, code[one.name].whole) for one in needed],
    )


def loading_key(submission: LessonSubmission) -> str:
    """Digest of the code that runs when the file is loaded. An edit inside a function that nobody calls then is none.

    The problems that a student reads about the file come from this code.
    """
    tree = tree_of(submission.text)
    if tree is None:
        return ""
    found: list[str] = []
    waiting: set[str] = set()
    definitions: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        for name in binds(node)[0]:
            definitions.setdefault(name, []).append(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(_head(node))
            waiting |= {n.id for part in _evaluated(node) for n in ast.walk(part) if isinstance(n, ast.Name)}
        else:
            found.append(ast.dump(node))
            waiting |= set() if isinstance(node, IMPORTS) else uses(node)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for node in definitions.get(name, []):
            if isinstance(node, DEFINITIONS):
                found.append(f"{name}: {ast.dump(node)}")
                waiting |= uses(node) - seen
    beside = {n: hashlib.sha256(text).hexdigest() for n, text in submission.files.items() if n != submission.file}
    return digest_of(sorted(found), beside)


def stamp(path: str) -> str:
    """State of a file that code opened. Empty if it has none that says whether the file changed."""
    place = Path(path)
    try:
        status = place.stat()
        if place.is_dir():
            return f"folder {status.st_mtime_ns}"
        if not place.is_file() or status.st_size > MOST:
            return ""
        if path.startswith((sys.prefix + os.sep, sys.base_prefix + os.sep)):
            return f"{status.st_size} {status.st_mtime_ns}"  # a package's file; an installer writes it anew
        return digest_of_file(place)
    except FileNotFoundError:
        return NO_FILE
    except OSError:
        return ""


def _required(of: Lesson, exercise: Exercise) -> list[Exercise]:
    found = {exercise.name: exercise}
    waiting = list(exercise.requires_here)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = of.exercise(name)
            waiting += found[name].requires_here
    return [found[name] for name in sorted(found)]


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A function without its body."""
    return f"{type(node).__name__} {node.name} {ast.dump(node.args)} {[ast.dump(part) for part in _evaluated(node)]}"


def _evaluated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    return [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]


@lru_cache(maxsize=8)
def _software(packages: tuple[str, ...]) -> list[object]:
    return [
        sys.version, torch.__version__, numpy.__version__, platform.platform(),
        torch.backends.cpu.get_cpu_capability(), environment.installed(packages),
    ]  # fmt: skip
