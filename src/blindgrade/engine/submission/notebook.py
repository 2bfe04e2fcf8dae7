"""Python text of a student's notebook: what the exercises' functions need. Pictures and prints are left out.

Every code cell keeps its number of lines, and left-out lines are blank. So each line of the text is a line of a cell.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from blindgrade.engine.submission import magics
from blindgrade.engine.submission.answers import bindings, unwritten
from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.magics import Cell
from blindgrade.engine.submission.notes import is_work, left_out, not_run
from blindgrade.engine.submission.order import listed, order_notes
from blindgrade.engine.submission.statements import ASSIGNMENTS, DEFINITIONS, IMPORTS

WORD = re.compile(r"[^\W\d]\w*")
PICTURES = re.compile(r"^# %%.*notebook-only.*(?:\n(?!# %%).*)*", re.MULTILINE)  # whole cells of a percent script
RELEASED = "notebook-only"  # tag of cells that only the course's notebooks have


class NotebookError(Exception):
    """The file cannot be read as a notebook. The message is a sentence without the path."""


@dataclass(frozen=True)
class NotebookText:
    """Text of a notebook. `cells` are (first line in `text`, number of the cell). Numbers count all cells from 1."""

    text: str
    cells: tuple[tuple[int, int], ...]
    problems: list[str]


@dataclass
class _Book:
    """All cells of a notebook. `prose` are the numbers and texts of its Markdown and raw cells."""

    code: list[Cell] = field(default_factory=list)
    prose: list[tuple[int, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def without_pictures(text: str) -> str:
    """Percent script in which notebook-only cells are blank.

    Those cells draw, print, train for a picture or need matplotlib.
    """
    return PICTURES.sub(lambda cell: "\n" * cell[0].count("\n"), text)


def picture_lines(text: str) -> set[int]:
    """Lines of the notebook-only cells of a percent script."""
    spans = [(text.count("\n", 0, cell.start()) + 1, cell[0].count("\n") + 1) for cell in PICTURES.finditer(text)]
    return {line for first, many in spans for line in range(first, first + many)}


def read_notebook(content: bytes, graded: frozenset[str] | None = None) -> NotebookText:
    """Code of a notebook (nbformat 4) that runs, and its problems. NotebookError if the file is not a notebook.

    `graded` are the names that the lesson's exercises define. Without them, all functions and classes count.
    """
    book = _book(content)
    for cell in book.code:
        magics.parse(cell, book.problems)
    program = _choose(book.code, graded)
    shell = [(f"cell {cell.number}, line {line}", text) for cell in book.code for line, text in cell.shell]
    book.problems += not_run(shell, program)
    # The course's own pictures are not named.
    done = [cell.number for cell in book.code if not cell.released and any(map(is_work, cell.left_out))]
    book.problems += left_out(listed(done)) if done else []
    book.problems += _prose_notes(book, graded)
    book.problems += order_notes(_runs(book.code), [cell.count for cell in book.code])
    lines: list[str] = []
    starts: list[tuple[int, int]] = []
    for cell in book.code:
        starts.append((len(lines) + 1, cell.number))
        # With this empty line, a trailing backslash does not join the next cell.
        lines += [*blanked(cell.lines, cell.left_out), ""]
    return NotebookText("\n".join(lines), tuple(starts), book.problems)


# ---------------------------------------------------------------- the file's cells


def _book(content: bytes) -> _Book:
    book = _Book()
    for number, cell in enumerate(_load(content), start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            book.problems.append(f"cell {number} cannot be read and was left out; run it in Jupyter and save again")
            continue
        source = cell.get("source")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if cell["cell_type"] != "code":
            book.prose += [(number, cell["cell_type"], source)] if isinstance(source, str) else []
            continue
        if not isinstance(source, str):
            book.problems.append(f"cell {number} has no text and was left out; type it again and save the notebook")
            continue
        if "\0" in source:
            book.problems.append(f"cell {number} contains a NUL character and was left out; type it again and save")
            continue
        readable = source.encode("utf-8", "replace").decode("utf-8")
        if readable != source:
            book.problems.append(f"cell {number} contains broken characters; each is now a question mark")
        lines = readable.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        count = cell.get("execution_count")
        book.code.append(Cell(number, lines, count if type(count) is int else None, _is_released(cell)))
    return book


def _is_released(cell: dict[str, object]) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and RELEASED in tags


def _load(content: bytes) -> Iterator[object]:
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
    return iter(cells)


# ---------------------------------------------------------------- what stays


def _choose(cells: list[Cell], graded: frozenset[str] | None) -> Program:
    """Fill every cell's `left_out`."""
    program = Program([node for cell in cells for node in cell.body or ()], graded)
    broken = {word for cell in cells if cell.body is None for word in WORD.findall(cell.text)}
    kept = program.kept(broken)
    for cell in cells:
        cell.left_out = [node for node in cell.body or () if id(node) not in kept]
    return program


def blanked(lines: list[str], left_out: list[ast.stmt]) -> list[str]:
    """The lines without these statements."""
    coded = [line.encode("utf-8") for line in lines]  # the parser counts columns in bytes
    for node in reversed(left_out):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = coded[first][: node.col_offset], coded[last][node.end_col_offset :]
        filler = b"pass" if after.lstrip().startswith(b";") else b""
        coded[first : last + 1] = [b""] * (last + 1 - first)
        coded[first] = before
        coded[last] += filler + after
    return [line.decode("utf-8") for line in coded]


# ---------------------------------------------------------------- what is said about it


def _prose_notes(book: _Book, graded: frozenset[str] | None) -> list[str]:
    """Notes about answers in Markdown and raw cells, if no code cell has a written answer of that name."""
    notes = []
    code = [node for cell in book.code for node in cell.body or ()]
    for name in sorted(graded or ()):
        pattern = re.compile(rf"^[ \t>]*(?:async\s+def|def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", re.M)
        hits = [(number, kind) for number, kind, text in book.prose if pattern.search(text)]
        own = bindings(code, name) if hits else []
        if hits and (not own or unwritten(own[-1])):
            number, kind = hits[-1]
            word = {"markdown": "a Markdown", "raw": "a raw"}.get(kind, f"a {kind}")
            notes.append(
                f"cell {number} contains `{name}`, but it is {word} cell, which does not run; change it to a code cell"
            )
    return notes


def _runs(cells: list[Cell]) -> list[tuple[int, int | None]]:
    """Cells in which something runs that counts, with Jupyter's number. Unwritten exercises do not count."""
    return [(cell.number, cell.count) for cell in cells if not cell.released and _counts(cell)]


def _counts(cell: Cell) -> bool:
    if cell.body is None:
        return True
    out = {id(node) for node in cell.left_out}
    stay = [node for node in cell.body if id(node) not in out and not isinstance(node, IMPORTS)]
    return any(
        not unwritten(node) if isinstance(node, DEFINITIONS) else isinstance(node, ASSIGNMENTS) or is_work(node)
        for node in stay
    )
