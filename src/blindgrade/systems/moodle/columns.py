"""Columns of a grading worksheet: what each one is, in any language of Moodle, and which are not recognised."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blindgrade.gradebook.errors import GradebookError
from blindgrade.roster.titles import is_known
from blindgrade.systems.moodle.titles import FILLED, KINDS, REQUIRED, TITLES, title

MISSING = {
    "maximum": "points were not scaled",
    "changeable": "no grade counts as locked",
    "feedback": "no comments were written",
}


@dataclass(frozen=True)
class WorksheetColumns:
    """Index of each kind of column in the worksheet, and sentences about columns that are missing or not recognised."""

    at: dict[str, int]
    unknown: list[int]
    news: list[str]


def read_rows(text: str) -> tuple[list[list[str]], str]:
    """Rows of the worksheet without blank ones, and the separator: the one that gives most titles that we know."""
    first = text.lstrip("\r\n").partition("\n")[0]

    def known(mark: str) -> int:
        return sum(title(cell) in KINDS for cell in next(csv.reader([first], delimiter=mark), []))

    try:
        mark = max(",;\t", key=known)
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row], mark
    except csv.Error as error:
        raise GradebookError(f"the worksheet cannot be read as CSV ({error}); download it in Moodle again") from None


def find_columns(header: Sequence[str], given: Mapping[str, str]) -> WorksheetColumns:
    """Columns under this header. `given` are titles on the user's own site, by kind.

    GradebookError if Moodle would refuse the file, or if several columns fit one kind.
    """
    fitting: dict[str, list[int]] = {kind: [] for kind in TITLES}
    wanted = {title(text): kind for kind, text in given.items()}
    for n, text in enumerate(header):
        kind = wanted.get(title(text)) or KINDS.get(title(text))
        if kind and (kind not in given or title(text) in wanted):
            fitting[kind].append(n)
    unknown = [
        n for n, text in enumerate(header)
        if text.strip() and not is_known(text) and not any(n in places for places in fitting.values())
    ]  # fmt: skip
    strange = ", ".join(repr(header[n]) for n in unknown)
    for kind in FILLED:
        if len(fitting[kind]) > 1:
            listed = " and ".join(repr(header[n]) for n in fitting[kind])
            raise GradebookError(f"several columns may be the {kind}: {listed}; name one with --column {kind}=TITLE")
    for kind in REQUIRED:
        if not fitting[kind]:
            raise GradebookError(
                f"the worksheet has no column {given.get(kind, TITLES[kind][0])!r}; download it in Moodle (View all"
                f" submissions, Download grading worksheet), or give the column's title on your site: --column"
                f" {kind}=TITLE" + (f"; columns that were not recognised: {strange}" if strange else "")
            )
    at = {kind: places[0] for kind, places in fitting.items() if places}
    return WorksheetColumns(at, unknown, _news(at, given, strange))


def _news(at: Mapping[str, int], given: Mapping[str, str], strange: str) -> list[str]:
    news = []
    for kind, what in MISSING.items():
        if kind in given and kind not in at:
            raise GradebookError(f"the worksheet has no column {given[kind]!r}; correct --column {kind}=TITLE")
        if kind not in at and (strange or kind == "maximum") and not (kind == "maximum" and "scale" in at):
            name = TITLES[kind][0]
            news.append(f"no column is {name!r} in a language that we know, so {what}; name it: --column {kind}=TITLE")
    if strange:
        news.append(f"columns of the worksheet that were not recognised and stay as they are: {strange}")
    return news
