"""Lines of the tables and keys of a TOML text, for messages about it and for additions to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

HEADER = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
KEY = re.compile(r"""\s*(?P<key>[\w-]+|"[^"]*"|'[^']*')\s*(?:\.[^=]*)?=(?P<value>.*)""")
# What may hide a bracket or a key: strings of the four kinds, and comments.
HIDDEN = re.compile(r'"""(?:\\.|.)*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)


@dataclass
class Table:
    """One table: its path, such as ("module", 0, "lesson", 2), its first and last line, and the lines of its keys."""

    path: tuple[str | int, ...]
    first: int
    last: int = 0
    keys: dict[str, int] = field(default_factory=dict)


def tables(text: str) -> list[Table]:
    """Tables of a valid TOML text in their order. The first one is the top, with the path ()."""
    found = [Table((), 1)]
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in _logical_lines(text):
        header = HEADER.fullmatch(line)
        if header and "=" not in header["name"]:
            path = _path([part.strip().strip("\"'") for part in header["name"].split(".")], header["open"], counts)
            found.append(Table(path, number))
        elif key := KEY.match(line):
            found[-1].keys.setdefault(key["key"].strip("\"'"), number)
        if line.strip():
            found[-1].last = number + line.count("\n")
    return found


def line_of(text: str, place: Sequence[str | int]) -> int:
    """Line of the thing at this place, counted from 1: of its key, or else of the nearest table around it.

    A place is what pydantic gives, for example ("exercise", 2, "points").
    """
    every = tables(text)
    for length in range(len(place), -1, -1):
        for table in every:
            if table.path == tuple(place[:length]):
                key = place[length] if length < len(place) else None
                return table.keys.get(str(key), table.first)
            if length and table.path == tuple(place[: length - 1]) and str(place[length - 1]) in table.keys:
                return table.keys[str(place[length - 1])]
    return 1


def _path(names: list[str], opened: str, counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """Path of the table that a header opens. The last one of each list around it is meant, as TOML says."""
    path: tuple[str | int, ...] = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path] - 1)
    path = (*path, names[-1])
    if opened == "[[":
        counts[path] = counts.get(path, 0) + 1
        path = (*path, counts[path] - 1)
    return path


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Statements with their first lines. A value over several lines is one statement; strings in it are blanked."""
    plain = HIDDEN.sub(_blanked, text).split("\n")
    pending, start, depth = "", 1, 0
    for number, line in enumerate(plain, start=1):
        if not depth:
            pending, start = line, number
            depth = _depth(line) if KEY.match(line) else 0
        else:
            pending += "\n" + line
            depth += _depth(line)
        if depth <= 0:
            depth = 0
            yield start, pending


def _depth(line: str) -> int:
    return sum(line.count(sign) for sign in "[{") - sum(line.count(sign) for sign in "]}")


def _blanked(match: re.Match[str]) -> str:
    """The string without what could be read as TOML. A key in quotes on one line keeps its name."""
    text = match[0]
    if text.startswith("#"):
        return ""
    if "\n" not in text and not re.search(r"[\[\]{}=#]", text):
        return text
    # Every line of the string is a continuation of its first one, so brackets keep it together.
    return "[" + "\n" * text.count("\n") + "]" if "\n" in text else '""'
