"""Load a lesson's file, in a worker or, for the reference, in the grader: both sides of a check go through one path.

Nothing here knows a solution, an expected value or a tolerance. A test lists what a worker has loaded.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from blindgrade.engine.wire.replies import Problem, Raised
from blindgrade.engine.worker.errors import Missing, describe_error

# A line at the margin that begins like this belongs to the block above it.
CONTINUES = re.compile(r"[ \t#)\]}]|(elif|else|except|finally)\b|$")
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # what ast.parse raises when the text is at fault

Position = tuple[int, int]  # line and column in a file
BEGIN: Position = (0, 0)


class Names:
    """A lesson as experiments see it: its attributes are the names that the file defines, and no others."""

    def __init__(self, module: ModuleType) -> None:
        # Kept under a name that no lesson defines, since every other one is the student's.
        self.__dict__["_Names__of"] = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.__of, name)
        except AttributeError:
            raise Missing(name) from None


@dataclass(frozen=True)
class LoadedLesson:
    """A lesson's module, its names as experiments see them, and what of the file could not be run."""

    module: ModuleType
    problems: list[Problem]

    @property
    def names(self) -> Names:
        """What an experiment is given."""
        return Names(self.module)


def load(name: str, text: str, path: str, extra: dict[str, Any] | None = None) -> LoadedLesson:
    """Run a lesson's file as module `name`, statement by statement.

    A statement that does not parse or raises is left out and noted in `.problems`; the rest is there to be graded.
    `path` is what tracebacks call the file; `extra` names stand in the module from the start.
    """
    module = ModuleType(name)
    module.__file__ = path
    module.__dict__.update(extra or {})
    sys.modules[name] = module
    # Tracebacks and inspect.getsource read lines from here: the file may exist nowhere else.
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
    # The statement that raised is the last that begins before the place where it did.
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
        except BaseException as error:  # SystemExit and KeyboardInterrupt are a student's, too
            problems.append(Problem(describe_error(error, path), node.lineno))


def _run_whole(text: str, path: str, names: dict[str, Any]) -> tuple[Position | None, Raised | None]:
    """Where it ended too early and by what error; no place if it ran to its end, no error if it did not begin."""
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except UNPARSED:
        return BEGIN, None
    try:
        exec(code, names)
    except BaseException as error:
        # Not error.__traceback__, which a class of the student's may give another meaning.
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


def statements(text: str, path: str, problems: list[Problem]) -> Iterator[ast.stmt]:
    """The top-level statements that parse; each block that does not is noted in `problems`."""
    try:
        yield from ast.parse(text, path).body
        return
    except UNPARSED as error:
        if not isinstance(error, SyntaxError):
            problems.append(Problem(describe_error(error, path), 1))
            return
    lines = text.split("\n")  # as ast counts lines, which splitlines() does not
    starts = [n for n, line in enumerate(lines) if not CONTINUES.match(line)]
    at = 0
    while at < len(starts):
        body, following, failure = _block(lines, starts, at, path)
        if failure is not None:
            problems.append(failure)
        yield from body
        at = following


def _block(
    lines: list[str], starts: list[int], at: int, path: str, reach: int = 40
) -> tuple[list[ast.stmt], int, Problem | None]:
    """Parse from one block start to the nearest later one that makes it whole; give up on the first block alone.

    Decorators and strings with text at the margin make blocks that only parse together with the next ones.
    """
    first: Problem | None = None
    for following in range(at + 1, min(at + reach, len(starts)) + 1):
        end = starts[following] if following < len(starts) else len(lines)
        # Empty lines in front keep the line numbers of the file.
        text = "\n" * starts[at] + "\n".join(lines[starts[at] : end]) + "\n"
        try:
            return ast.parse(text, path).body, following, None
        except UNPARSED as error:
            line = getattr(error, "lineno", None) or starts[at] + 1
            first = first or Problem(describe_error(error, path), line)
    return [], at + 1, first
