"""One submission as a source holds it, before anything of it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.roster.people import Identifier


class SourceError(Exception):
    """A source that cannot be collected from; the message says what to do."""


@dataclass(frozen=True)
class SourceItem:
    """A student's submission in a source.

    label: the student as the source names them; `who` identifies them in a roster, `own` is their id without one.
    entries: name in the submission ("" for a folder whose content is the submission) and where it lies.
    without: names at the top that are the system's own.
    part: the assignment, where the source tells it. clock: what tells `submitted_at`.
    """

    label: str
    who: tuple[Identifier, ...]
    own: str
    entries: tuple[tuple[str, Path], ...]
    part: str = ""
    submitted_at: str | None = None
    clock: str = ""
    late: bool = False
    notes: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()


@dataclass
class Listing:
    """What a source holds, and what of it is no submission: its name and why."""

    kind: str
    items: list[SourceItem] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


# Recognises a source from its folder and that folder's entries; None if it is another kind.
Recognise = Callable[[Path, list[Path]], Listing | None]
