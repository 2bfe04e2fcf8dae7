"""Top-level statements of a file that Python cannot read as a whole. The grader uses it too, so it needs no torch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from blindgrade.engine.wire.replies import Problem
from blindgrade.engine.worker.errors import describe_error

# A line at the margin that begins like this belongs to the block above it.
CONTINUES = re.compile(r"[ \t#)\]}]|(elif|else|except|finally)\b|$")
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # errors that ast.parse raises for a wrong text


def statements(text: str, path: str, problems: list[Problem]) -> Iterator[ast.stmt]:
    """Top-level statements that parse. Each block that does not parse is listed in `problems`."""
    try:
        yield from ast.parse(text, path).body
        return
    except UNPARSED as error:
        if not isinstance(error, SyntaxError):
            problems.append(Problem(describe_error(error, path), 1))
            return
    lines = text.split("\n")  # ast counts lines in this way, and splitlines() does not
    starts = [n for n, line in enumerate(lines) if not CONTINUES.match(line)]
    at = 0
    while at < len(starts):
        body, following, failure = parsed_block(lines, starts, at, path)
        if failure is not None:
            problems.append(failure)
        yield from body
        at = following


def parsed_block(
    lines: list[str], starts: list[int], at: int, path: str, reach: int = 40
) -> tuple[list[ast.stmt], int, Problem | None]:
    """Parse from one block start to the nearest later start that gives valid Python. If none does, skip one block.

    Decorators, and strings with text at the margin, make blocks that parse only together with the next ones.
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
