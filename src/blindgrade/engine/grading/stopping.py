"""Where a worker was when it was stopped, and the sentence about it."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass

from blindgrade.engine.submission.lines import MAX_FUNCTION
from blindgrade.engine.submission.reading import LessonSubmission
from blindgrade.engine.submission.statements import tree_of
from blindgrade.engine.wire.replies import MAX_FRAMES, MAX_LINE, MAX_NAME, Raised, TraceLine
from blindgrade.places import Frame

LINE = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d{1,9}) in (?P<function>.*)$', re.MULTILINE)
SEPARATOR = os.sep
HEADER = "most recent call first"
IMPORTS = "<frozen importlib._bootstrap"


@dataclass(frozen=True)
class Stood:
    """Lines in the student's files that a worker was running, innermost last, and whether it was importing a module."""

    frames: tuple[TraceLine, ...] = ()
    importing: bool = False


def read_stack(text: str, folder: str) -> Stood:
    """Lines of a stack that a worker wrote when it got the signal. Student's files are in `folder`."""
    own: list[TraceLine] = []
    importing = False
    for found in LINE.finditer(text, max(text.rfind(HEADER), 0)):
        file, line = found["file"], int(found["line"])
        if file.startswith((f"{folder}/", f"{folder}{SEPARATOR}")) and 0 < line < MAX_LINE:
            name = found["function"].encode("ascii", "replace").decode()
            inside = file[len(folder) + 1 :].replace(SEPARATOR, "/")
            own.append(TraceLine(inside[:MAX_NAME], line, name[:MAX_FUNCTION]))
        elif not own:  # below the student's innermost line
            importing |= file.startswith(IMPORTS)
    return Stood(tuple(reversed(own[:MAX_FRAMES])), importing)


def frames_of(stood: Stood, submission: LessonSubmission) -> tuple[Frame, ...]:
    """The same lines, in places that the student knows."""
    return submission.trace(Raised("", "", stood.frames))


def sentence(over: str, stood: Stood, submission: LessonSubmission) -> str:
    """What a student reads about a stop: which budget was used up, where the code was, and what it did there."""
    frames = frames_of(stood, submission)
    said = f"stopped after {over}"
    if not frames:
        return f"{said}: {_question(over)}"
    last = frames[-1]
    inside = "" if last.function == "<module>" else f" in {last.function}"
    said = f"{said} at {last.place}{inside}"
    if stood.importing:
        tree = _tree(stood.frames[-1].file, submission)
        name = _imported(tree, stood.frames[-1].line) if tree is not None else ""
        return f"{said}: the import {f'of {name} ' if name else ''}takes too long"
    loop = None if "waiting" in over else _loop(submission, stood)
    return f"{said}: {loop or _question(over)}"


def _question(over: str) -> str:
    waits = "does it sleep, or wait for input or for a thread?"
    return waits if "waiting" in over else "is there a loop that never ends?"


def _tree(file: str, submission: LessonSubmission) -> ast.Module | None:
    """Syntax tree of one of the student's files; None if it has none."""
    text = submission.to_run if file == submission.file else submission.files.get(file)
    return tree_of(text) if text is not None else None


def _around(tree: ast.Module, line: int, *kinds: type[ast.stmt]) -> list[ast.AST]:
    """Nodes of some kinds that contain the line, outermost first."""
    found = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [node for node in found if getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0)]


def _imported(tree: ast.Module, line: int) -> str:
    """Module that the statement at this line imports; empty if it is no import."""
    for node in _around(tree, line, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            return ", ".join(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            return "." * node.level + (node.module or "")
    return ""


def _loop(submission: LessonSubmission, stood: Stood) -> str:
    """What is said about the innermost loop that the worker was in; empty without one."""
    for frame in reversed(stood.frames):
        tree = _tree(frame.file, submission)
        if tree is None:
            continue
        around = _around(tree, frame.line, ast.While, ast.For, ast.FunctionDef, ast.AsyncFunctionDef)
        last = max(around, key=lambda node: getattr(node, "lineno", 0), default=None)
        if isinstance(last, ast.While | ast.For):
            place = submission.trace(Raised("", "", (TraceLine(frame.file, last.lineno, ""),)))[-1].place
            endless = isinstance(last, ast.While)
            return f"does the loop at {place} never end?" if endless else f"the loop at {place} takes too long"
    return ""
