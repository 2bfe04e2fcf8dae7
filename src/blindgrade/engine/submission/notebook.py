"""Python text of a student's notebook. Definitions stay; code that only runs something is left out.

Every code cell keeps its number of lines, and left-out lines are blank. So each line of the text is a line of a cell.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from blindgrade.engine.submission.statements import (
    ASSIGNMENTS,
    DEFINITIONS,
    IMPORTS,
    binds,
    inner_statements,
    uses,
)

KEPT_CELL_MAGICS = frozenset({"time", "timeit", "capture"})
MAX_SINGLE_MAGICS = 50  # each costs one parse; with more, all lines that look like magics are removed at once

# %magic, !shell, name = %magic, name = !shell, ?help, help?, help??
MAGIC = re.compile(r"\s*(?:[%!?]|[\w.,\[\]'\" ]+=\s*[%!](?!=)|[\w.*%]+\?\??\s*$)")
DEFINITION = re.compile(r"^\s*(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
WORD = re.compile(r"[^\W\d]\w*")
PICTURES = re.compile(r"^# %%.*notebook-only.*(?:\n(?!# %%).*)*", re.MULTILINE)  # whole cells of a percent script


class NotebookError(Exception):
    """The file cannot be read as a notebook. The message is a sentence without the path."""


@dataclass(frozen=True)
class NotebookText:
    """Text of a notebook. `cells` are (first line in `text`, number of the cell). Numbers count all cells from 1."""

    text: str
    cells: tuple[tuple[int, int], ...]
    problems: list[str]


@dataclass
class _Cell:
    number: int
    lines: list[str]
    body: list[ast.stmt] | None = None  # None: it does not parse, so it stays unchanged
    left_out: list[ast.stmt] = field(default_factory=list)


def without_pictures(text: str) -> str:
    """Percent script in which notebook-only cells are blank.

    Those cells draw, print, train for a picture or need matplotlib.
    """
    return PICTURES.sub(lambda cell: "\n" * cell[0].count("\n"), text)


def read_notebook(content: bytes) -> NotebookText:
    """Definitions of a notebook (nbformat 4), and its problems. NotebookError if the file is not a notebook."""
    problems: list[str] = []
    cells = list(_code_cells(content, problems))
    for cell in cells:
        _parse(cell, problems)
    _choose(cells)
    lines: list[str] = []
    starts: list[tuple[int, int]] = []
    for cell in cells:
        starts.append((len(lines) + 1, cell.number))
        # With this empty line, a trailing backslash does not join the next cell.
        lines += [*_blanked(cell), ""]
    return NotebookText("\n".join(lines), tuple(starts), problems)


# ---------------------------------------------------------------- the file's cells


def _code_cells(content: bytes, problems: list[str]) -> Iterator[_Cell]:
    for number, cell in enumerate(_load(content), start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            problems.append(f"cell {number} cannot be read and was left out; run it in Jupyter and save again")
            continue
        if cell["cell_type"] != "code":
            continue
        source = cell.get("source")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            problems.append(f"cell {number} has no text and was left out; type it again and save the notebook")
            continue
        if "\0" in source:
            problems.append(f"cell {number} contains a NUL character and was left out; type it again and save")
            continue
        readable = source.encode("utf-8", "replace").decode("utf-8")
        if readable != source:
            problems.append(f"cell {number} contains broken characters; each is now a question mark")
        yield _Cell(number, readable.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _load(content: bytes) -> list[object]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotebookError("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotebookError(f"is not valid JSON: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise NotebookError(
            "is not a notebook: its JSON is nested too deeply or has a number that is too long"
        ) from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise NotebookError("is not a notebook of version 4: it has no list of cells")
    return cells


# ---------------------------------------------------------------- one cell


def _parse(cell: _Cell, problems: list[str]) -> None:
    """Drop the magics, then fill `body` if the rest is Python."""
    first = next((n for n, line in enumerate(cell.lines) if line.strip()), 0)
    if cell.lines[first].startswith("%%"):
        name = cell.lines[first][2:].split(maxsplit=1)[:1]
        if not KEPT_CELL_MAGICS.intersection(name):
            if DEFINITION.search("\n".join(cell.lines)):
                problems.append(
                    f"cell {cell.number} starts with %%{''.join(name)}, so it was left out; "
                    "move its definitions to a cell of their own"
                )
            cell.lines[:] = [""] * len(cell.lines)
        _drop(cell.lines, first)
    for _ in range(MAX_SINGLE_MAGICS):
        error = _try(cell)
        if error is None:
            return
        at = (error.lineno or 1) - 1
        # A `%` that continues an expression and a `!` inside a string parse. So only a line that stops the parser is
        # dropped.
        if not (0 <= at < len(cell.lines) and MAGIC.match(cell.lines[at])):
            break
        _drop(cell.lines, at)
    for at, line in enumerate(cell.lines):
        if MAGIC.match(line):
            _drop(cell.lines, at)
    error = _try(cell)
    if error is not None and "unterminated triple-quoted" in str(error.msg):
        # Otherwise the open string would include the cells that follow.
        start = max((error.lineno or 1) - 1, 0)
        problems.append(
            f"cell {cell.number}, line {start + 1}: a triple-quoted string has no end, so the rest "
            "of the cell was left out; close the string"
        )
        cell.lines[start:] = [""] * len(cell.lines[start:])
        _try(cell)


def _try(cell: _Cell) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is a warning for the student alone
            cell.body = ast.parse("\n".join(cell.lines)).body
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return SyntaxError("too deep to parse")
    return None


def _drop(lines: list[str], at: int) -> None:
    """Blank a magic and its continuation lines. Inside a block, `pass` keeps the block valid."""
    line = lines[at]
    indent = line[: len(line) - len(line.lstrip())]
    lines[at] = f"{indent}pass" if indent else ""
    while line.endswith("\\") and at + 1 < len(lines):
        at += 1
        line, lines[at] = lines[at], ""


def _blanked(cell: _Cell) -> list[str]:
    """Lines of the cell, without its left-out statements."""
    lines = [line.encode("utf-8") for line in cell.lines]  # the parser counts columns in bytes
    for node in reversed(cell.left_out):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        filler = b"pass" if after.lstrip().startswith(b";") else b""
        lines[first : last + 1] = [b""] * (last + 1 - first)
        lines[first] = before
        lines[last] += filler + after
    return [line.decode("utf-8") for line in lines]


# ---------------------------------------------------------------- what stays


def _choose(cells: list[_Cell]) -> None:
    """Fill every cell's `left_out`. Definitions, imports, and the assignments that they use stay."""
    nodes = [node for cell in cells for node in cell.body or ()]
    needed: set[str] = set()
    kept: set[int] = set()
    defined: set[str] = set()  # by a definition or an assignment, not by an import
    waiting: list[tuple[ast.stmt, set[str], set[str]]] = []
    for cell in cells:
        if cell.body is None:
            needed.update(WORD.findall("\n".join(cell.lines)))
    for node in nodes:
        if _always(node):
            kept.add(id(node))
            needed |= uses(node)
            defined |= binds(node)[0]
        elif _holds_only(node, (*DEFINITIONS, *IMPORTS, *ASSIGNMENTS, ast.Pass)):
            names, roots = binds(node)
            defined |= names
            waiting.append((node, names, roots))
    imported = {name for node in nodes if isinstance(node, IMPORTS) for name in binds(node)[0]}
    owners = {name for node in nodes if isinstance(node, DEFINITIONS) for name in binds(node)[0]}
    grown = True
    while grown:
        grown = False
        for entry in list(waiting):
            node, names, roots = entry
            # `table["a"] = 1` and `Model.forward = forward` change a kept name. `plt.rc[…] = …` changes an import.
            if names & needed or roots & (needed | owners) - imported:
                waiting.remove(entry)
                kept.add(id(node))
                needed |= uses(node)
                grown = True
    for cell in cells:
        cell.left_out = [node for node in cell.body or () if id(node) not in kept]


def _always(node: ast.stmt) -> bool:
    if _holds_only(node, (*DEFINITIONS, *IMPORTS, ast.Pass)):
        return not isinstance(node, ast.Pass)
    # A definition inside `if` or `try` may be an exercise's answer.
    whole = _holds_only(node, (*DEFINITIONS, *IMPORTS, *ASSIGNMENTS, ast.Pass))
    return whole and any(isinstance(inner, DEFINITIONS) for inner in inner_statements(node))


def _holds_only(node: ast.stmt, kinds: tuple[type[ast.stmt], ...]) -> bool:
    return all(isinstance(inner, kinds) for inner in inner_statements(node))
