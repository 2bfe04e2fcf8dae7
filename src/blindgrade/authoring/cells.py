"""Cells of a lesson's source text, which is in percent format."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["markdown", "code"]

NOTEBOOK_ONLY = "notebook-only"
SOLUTION_ONLY = "solution-only"
TAGS = (NOTEBOOK_ONLY, SOLUTION_ONLY)

# Everything that may be meant as a cell's first line. A mistyped one must not join its cell to the cell above.
MEANT = re.compile(r"#\s*%%")
HEADER = re.compile(r"# %%(?P<markdown> \[markdown\])?(?: tags=(?P<tags>\[.*\]))?\s*")


class CellError(Exception):
    """The source is not in percent format. The message has the form "path:line: what is wrong; what to do"."""


@dataclass(frozen=True)
class Cell:
    """One cell. `source` begins at line `first_line` of the file. Markdown has no comment marks any more."""

    kind: Kind
    tags: tuple[str, ...]
    first_line: int
    source: str


def parse(text: str, path: str) -> list[Cell]:
    """Cells of `text`, in order. CellError if it is not in percent format."""
    lines = text.split("\n")
    starts = [index for index, line in enumerate(lines) if MEANT.match(line)]
    for index, line in enumerate(lines[: starts[0]] if starts else lines):
        if line.strip():
            raise CellError(f"{path}:{index + 1}: text before the first cell; put a line `# %%` above it")
    ends = [*starts, len(lines)][1:]
    return [_cell(lines[start:end], start + 1, path) for start, end in zip(starts, ends, strict=True)]


def heading(cell: Cell) -> str | None:
    """Text of a Markdown cell's first heading; None if there is none."""
    match = re.search(r"^#+ +(.*\S)", cell.source, re.MULTILINE) if cell.kind == "markdown" else None
    return match[1] if match else None


def _cell(lines: list[str], line: int, path: str) -> Cell:
    header = HEADER.fullmatch(lines[0])
    if not header:
        raise CellError(
            f"{path}:{line}: `{lines[0]}` does not begin a cell; "
            'write `# %%` or `# %% [markdown]`, and after it `tags=["..."]` if the cell needs a tag'
        )
    tags = _tags(header["tags"], line, path)
    body, first = lines[1:], line + 1
    while body and not body[-1].strip():
        body.pop()
    while body and not body[0].strip():
        body.pop(0)
        first += 1
    if not header["markdown"]:
        return Cell("code", tags, first, "\n".join(body))
    text = [_uncommented(content, first + index, path) for index, content in enumerate(body)]
    return Cell("markdown", tags, first, "\n".join(text))


def _tags(written: str | None, line: int, path: str) -> tuple[str, ...]:
    try:
        tags = json.loads(written or "[]")
    except json.JSONDecodeError:
        raise CellError(
            f'{path}:{line}: `tags={written}` is not a list of strings; write tags=["{NOTEBOOK_ONLY}"]'
        ) from None
    for tag in tags:
        if tag not in TAGS:
            raise CellError(f"{path}:{line}: unknown tag {tag!r}; use one of {', '.join(TAGS)}")
    return tuple(tags)


def _uncommented(line: str, number: int, path: str) -> str:
    if line.rstrip() == "#":
        return ""
    if not line.startswith("# "):
        raise CellError(
            f"{path}:{number}: a line of a markdown cell does not start with `# `; "
            "put `# ` in front (`#` for an empty line), or begin a code cell with `# %%`"
        )
    return line[2:].rstrip()
