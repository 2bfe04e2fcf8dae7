"""One submission in a source, before its files are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.roster.people import Identifier


class SourceError(Exception):
    """The source cannot be collected. The message says what to do."""


@dataclass(frozen=True)
class SourceItem:
    """A student's submission in a source.

    label: the student's name in the source. who: identifiers to find in a roster. own: the student's id without one.
    entries: names in the submission ("" for a folder whose content is the submission) and their paths.
    without: names at the top that belong to the system.
    part: the assignment, if the source names it. clock: source of the time `submitted_at`. late: the system's own
    marker, None if it gives none. group: name of the group that handed it in, "" for one student.
    """

    label: str
    who: tuple[Identifier, ...]
    own: str
    entries: tuple[tuple[str, Path], ...]
    part: str = ""
    submitted_at: str | None = None
    clock: str = ""
    late: bool | None = None
    group: str = ""
    notes: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()


@dataclass
class Listing:
    """Content of a source: its submissions, and the names of other entries with the reason why they are refused."""

    kind: str
    items: list[SourceItem] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


# Recognises a source from its folder and the folder's entries; None if the source is of another kind.
Recognise = Callable[[Path, list[Path]], Listing | None]
