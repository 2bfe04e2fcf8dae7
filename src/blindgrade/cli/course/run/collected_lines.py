"""Lines of `course collect` for people: one for each reason, with the number of submissions and some of the names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from blindgrade.render.safe import shown

NAMES = 6  # most names that one reason shows
NOTES = 20  # most notes that are shown


def by_reason(what: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines for pairs of a name and a reason: "what (2): reason", and the names in the next line."""
    for reason, names in _grouped(entries):
        yield f"  {what} ({len(names)}): {shown(reason)}"
        listed = _some([name for name in names if name])
        if listed:
            yield f"    {listed}"


def notes(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines for pairs of a student and a note."""
    lines = [f"  {_some(names)}: {shown(note)}" for note, names in _grouped(entries)]
    yield from lines[:NOTES]
    if len(lines) > NOTES:
        yield f"  and {len(lines) - NOTES} more notes; --json has all of them"


def _grouped(entries: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, reason in entries:
        groups[reason].append(name)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _some(names: list[str]) -> str:
    listed = ", ".join(shown(name) for name in names[:NAMES])
    return f"{listed} and {len(names) - NAMES} more; --json has all of them" if len(names) > NAMES else listed
