"""Loading of a lesson's file. A worker loads the student's file, and the grader loads the reference, in the same way.

This module contains no solution, no expected value and no tolerance. A test checks which modules a worker loads.
"""

from __future__ import annotations

import ast
import linecache
import sys
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from blindgrade.engine.wire.replies import Problem, Raised
from blindgrade.engine.worker.blocks import UNPARSED, statements
from blindgrade.engine.worker.errors import Missing, describe_error
from blindgrade.engine.worker.state import State

Position = tuple[int, int]  # line and column in a file
BEGIN: Position = (0, 0)


class Names:
    """Lesson as experiments see it. Its attributes are the names that the file defines, and no others."""

    def __init__(self, module: ModuleType) -> None:
        # No lesson defines this name. Every other name belongs to the student.
        self.__dict__["_Names__of"] = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.__of, name)
        except AttributeError:
            raise Missing(name) from None


@dataclass(frozen=True)
class LoadedLesson:
    """Module of a lesson, its names as experiments see them, and the statements that could not be run.

    `state` is the state of the process in which an experiment on a student's lesson begins. Without it the lesson is
    the course's own, and an experiment begins with torch's switches as in a new process.
    """

    module: ModuleType
    problems: list[Problem]
    state: State | None = None

    @property
    def names(self) -> Names:
        """Names that an experiment gets."""
        return Names(self.module)


def load(name: str, text: str, path: str, extra: dict[str, Any] | None = None) -> LoadedLesson:
    """Run a lesson's file as the module `name`.

    A statement that does not parse or that raises is left out and listed in `.problems`. The rest can be graded. `path`
    is the file's name in tracebacks. `extra` names are defined in the module before it runs.
    """
    module = ModuleType(name)
    module.__file__ = path
    module.__dict__.update(extra or {})
    sys.modules[name] = module
    # Tracebacks and inspect.getsource read lines from this cache, because the file may not exist on the disk.
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    problems: list[Problem] = []
    _run(text, path, module.__dict__, problems)
    return LoadedLesson(module, problems)


def _run(text: str, path: str, names: dict[str, Any], problems: list[Problem]) -> None:
    """Run the whole file; if it raises, continue statement by statement (three times slower)."""
    ended, stopped = _run_whole(text, path, names)
    if ended is None:
        return
    flags = 0
    body = list(statements(text, path, problems))
    # The statement that raised is the last one that begins before the place of the error.
    first = max((n for n, node in enumerate(body) if _start(node) <= ended), default=0)
    for number, node in enumerate(body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= _future_flags(node)
        if number < first:
            continue
        if stopped is not None:
            problems.append(Problem(stopped, node.lineno))
            stopped = None
            continue
        try:
            code: CodeType = compile(ast.Module([node], []), path, "exec", flags=flags, dont_inherit=True)
            exec(code, names)
        except BaseException as error:  # the student's code may raise SystemExit and KeyboardInterrupt
            problems.append(Problem(describe_error(error, path), node.lineno))


def _run_whole(text: str, path: str, names: dict[str, Any]) -> tuple[Position | None, Raised | None]:
    """Position where the run failed, and its error. (None, None) if it succeeded; no error if it did not begin."""
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except UNPARSED:
        return BEGIN, None
    try:
        exec(code, names)
    except BaseException as error:
        # Not error.__traceback__, because a class of the student may replace this attribute.
        here = sys.exc_info()[2]
        trace = here.tb_next if here is not None else None
        if trace is None:
            return BEGIN, None
        line, _, column, _ = list(code.co_positions())[trace.tb_lasti // 2]
        return (line or trace.tb_lineno, column or 0), describe_error(error, path)
    return None, None


def _start(node: ast.stmt) -> Position:
    first = min([node, *getattr(node, "decorator_list", [])], key=lambda part: part.lineno)
    return first.lineno, first.col_offset


def _future_flags(node: ast.ImportFrom) -> int:
    import __future__

    return sum(getattr(__future__, alias.name).compiler_flag for alias in node.names)
