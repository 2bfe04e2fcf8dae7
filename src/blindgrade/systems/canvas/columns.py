"""The assignment's column in a gradebook of Canvas: by the title or number that the user gave, or by our titles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.points import short
from blindgrade.roster.names import normal
from blindgrade.systems.canvas.sheet import POINTS_POSSIBLE, READ_ONLY, TOTAL, Sheet

TITLE = re.compile(r"(?P<title>.*)\s\((?P<id>\d+)\)", re.DOTALL)  # Canvas's title_and_id
WORDS = re.compile(r"[^\W_]+(?:\.[^\W_]+)*|&")  # "7.2.1" is one word


@dataclass(frozen=True)
class Column:
    """Where a lesson's or an exercise's points go.

    n: index in the file; None for a new column. worth: the assignment's points in Canvas; None if it has none.
    """

    head: str
    n: int | None = None
    worth: float | None = None
    possible: str = ""


def find_columns(
    sheet: Sheet, titles: Mapping[str, str], given: Mapping[str, str], most: Mapping[str, float]
) -> tuple[dict[str, Column], list[str]]:
    """Column of each key of `titles`, and sentences about new columns and unscaled points.

    A key is a lesson, or lesson/exercise. `given` are columns that the user named. `most` are the points that the key
    is worth. GradebookError if a key has several candidates, or if two keys have the same column.
    """
    refuse_unknown(given, list(titles))
    found: dict[str, Column] = {}
    news: list[str] = []
    for key, title in titles.items():
        n = _given(sheet, key, given[key]) if key in given else _known(sheet, key, title)
        if n is None:
            found[key] = Column(title, possible=short(most[key]))
            news.append(_new(sheet, key, title))
        else:
            found[key] = _existing(sheet, n)
            news += _unscaled(found[key])
        other = next((k for k in found if k != key and n is not None and found[k].n == n), None)
        if other:
            raise GradebookError(f"the column {sheet.header[n or 0]!r} fits {other} and {key}; {_help([other, key])}")
    return found, news


def refuse_unknown(given: Mapping[str, str], keys: Sequence[str]) -> None:
    """GradebookError if the user named a column for a lesson or exercise that is not in the file."""
    for key in sorted(set(given) - set(keys)):
        raise GradebookError(
            f"--column {key}=…: no such column is written; for Canvas, write --column LESSON=TITLE with one of"
            f" {', '.join(keys)}"
        )


def _given(sheet: Sheet, key: str, wanted: str) -> int:
    wanted = wanted.strip()
    places = _assignments(sheet)
    exact = [n for n in places if sheet.header[n].strip() == wanted]
    fitting = exact or [n for n in places if wanted in (_id(sheet.header[n]), _title(sheet.header[n]))]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(repr(sheet.header[n]) for n in fitting or places)
    why = "several columns fit" if fitting else "the file has no such assignment"
    raise GradebookError(f"--column {key}={wanted}: {why}; name one of {listed or 'none'} by its title or its number")


def _known(sheet: Sheet, key: str, title: str) -> int | None:
    names = _names(key, title)
    fitting = [n for n in _assignments(sheet) if _words(_title(sheet.header[n])) in names]
    if len(fitting) > 1:
        listed = " and ".join(repr(sheet.header[n]) for n in fitting)
        raise GradebookError(f"several columns fit {key}: {listed}; {_help([key])}")
    return fitting[0] if fitting else None


def _assignments(sheet: Sheet) -> Sequence[int]:
    return [n for n in range(sheet.last_info + 1, len(sheet.header)) if not TOTAL.search(sheet.header[n])]


def _names(key: str, title: str) -> set[str]:
    """Titles that the assignment may have in Canvas."""
    lesson = key.partition("/")[0]
    number, bare = _number(key), _bare(key, title)
    names = {_words(title)}
    if key == lesson:
        names |= {
            _words(lesson),
            _words(number),
            _words(bare),
            _words(f"lesson {number} {bare}"),
            _words(f"{number} {bare}"),
        }
    else:
        names |= {_words(key), _words(f"lesson {number} {bare}"), _words(f"{number} {bare}")}
    return names - {""}


def _number(key: str) -> str:
    return key.partition("/")[0].removeprefix("lesson-")


def _bare(key: str, title: str) -> str:
    """Title without the lesson's id."""
    return title.removeprefix(key.partition("/")[0]).strip(" :")


def _existing(sheet: Sheet, n: int) -> Column:
    head = sheet.header[n]
    text = sheet.possible[n].strip() if sheet.possible else ""
    if READ_ONLY.search(text):
        raise GradebookError(f"the column {head!r} is read only in Canvas; name another one with --column LESSON=TITLE")
    worth = sheet.number(text)
    if text and worth is None:
        raise GradebookError(
            f"{POINTS_POSSIBLE} of {head!r} is {text!r}, which is no number; write for example 1000 or 1000.50 there,"
            " or export the gradebook in Canvas again"
        )
    return Column(head, n, worth or None, _for_the_importer(text, worth))


def _for_the_importer(text: str, worth: float | None) -> str:
    """The points as they are, unless Canvas's importer reads another number: it reads "1,000" as 1."""
    parts = re.split(r"[,.]", text)
    reads = "".join(parts[:-1]) + "." + parts[-1] if len(parts) > 1 else text
    return text if worth is None or float(reads.replace(" ", "") or 0) == worth else short(worth)


def _unscaled(column: Column) -> list[str]:
    if column.worth is not None:
        return []
    return [f"{column.head!r} is worth {column.possible or 'no'} points in Canvas, so points were not scaled"]


def _new(sheet: Sheet, key: str, title: str) -> str:
    heads = [sheet.header[n] for n in _assignments(sheet)]
    bare = _words(_bare(key, title))
    number = "" if "/" in key else _number(key)  # the lesson's own column has the number, too
    near = [head for head in heads if number in _words(head).split() or (bare and bare in _words(head))]
    listed = f" (it may be {' or '.join(map(repr, near))})" if near else ""
    return (
        f"the file has no column for {key}{listed}, so {title!r} is a new column and Canvas offers to create the"
        f" assignment; if Canvas has it under another title, {_help([key])}"
    )


def _help(keys: Sequence[str]) -> str:
    return "name the right one: " + " ".join(f'--column {key}="TITLE (NUMBER)"' for key in keys)


def _id(head: str) -> str:
    match = TITLE.fullmatch(head.strip())
    return match["id"] if match else ""


def _title(head: str) -> str:
    match = TITLE.fullmatch(head.strip())
    return match["title"].strip() if match else head.strip()


def _words(text: str) -> str:
    """Form of a title for comparison: words only, so that punctuation does not count."""
    return " ".join(WORDS.findall(normal(text)))
