"""docs/notation.md lists what the lessons' own tables of notation say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.lesson_files import LessonFiles

CATALOG = Catalog.locate(Path(__file__).parent)
LESSONS = CATALOG.ready()
PAGE = CATALOG.root / "docs" / "notation.md"
CELLS = re.compile(r"(?:\\.|`[^`]*`|\$[^$]*\$|[^|])+")  # a bar inside code or a formula ends no cell


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    body = [n for n, line in enumerate(lines) if not set(line) <= set("|- ")]
    heads = {n - 1 for n, line in enumerate(lines) if set(line) <= set("|- ")}
    return [[cell.strip() for cell in CELLS.findall(lines[n])] for n in body if n not in heads]


def symbol(cell: str) -> str:
    """A symbol without its definition: "$v = dx/dt$" is "$v$"."""
    return re.sub(r"^\$([^$]*?) = [^$]*\$$", r"$\1$", cell)


def own_symbols(files: LessonFiles) -> set[str]:
    """What stands in the first column of the lesson's table."""
    text = re.sub(r"^# ?", "", files.solution.read_text(encoding="utf-8"), flags=re.MULTILINE)
    table = text[text.index("**Notation**") :]
    table = table[table.index("\n|") :].split("\n\n")[0]
    cells = [cells[0] for cells in rows(table)]
    return {symbol(part) for cell in cells for part in (re.split(r"(?<=\$), (?=\$)", cell))}


def listed(lesson: str) -> set[str]:
    """The symbols that the page lists for the lesson."""
    page = PAGE.read_text(encoding="utf-8").split("## One letter")[0]
    return {cells[0] for cells in rows(page) if re.search(rf"\b{re.escape(lesson)}\b", cells[2])}


@pytest.mark.parametrize("files", LESSONS, ids=lambda files: files.entry.id)
def test_the_page_lists_every_symbol_of_the_lessons_own_table(files: LessonFiles) -> None:
    number = files.entry.id.removeprefix("lesson-")
    assert own_symbols(files) <= listed(number)


@pytest.mark.parametrize("files", LESSONS, ids=lambda files: files.entry.id)
def test_the_table_of_a_lesson_has_the_same_three_columns(files: LessonFiles) -> None:
    assert "# | symbol | in code | meaning |" in files.solution.read_text(encoding="utf-8")
