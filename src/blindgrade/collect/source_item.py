"""One submission in a source, before its files are read, and what the person adds who collects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from blindgrade.collect.current import Lessons
from blindgrade.collect.times import TimeUnclear
from blindgrade.roster.people import Identifier
from blindgrade.submitted import Version


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
    unclear: reason why the source's time could not be used. teams: readings of the label as a group and its member.
    stored: the version that an earlier collection stored. member: whose copy it is, if the table of groups names one.
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
    unclear: str = ""
    teams: tuple[tuple[str, str], ...] = ()
    stored: Version | None = None
    member: str = ""

    def at(self, clock: str, read: Callable[[], str]) -> SourceItem:
        """The same submission with the time that `read` returns, or with the reason of its TimeUnclear."""
        try:
            return replace(self, submitted_at=read(), clock=clock)
        except TimeUnclear as error:
            return replace(self, unclear=str(error))


@dataclass
class Listing:
    """Content of a source: its submissions, and the names of other entries with the reason why they are refused.

    remarks: sentences about the whole source.
    """

    kind: str
    items: list[SourceItem] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What a source is read with.

    lessons: names of the course. scratch: folder for files that a reader takes out of the source. zone: time zone of
    times without one. worksheet, columns: the system's table with times, and titles of its columns. before: take the
    last state before this time. due: the last state before the time when a lesson is due, by the lesson's folder.
    """

    lessons: Lessons
    scratch: Path
    zone: tzinfo | None = None
    worksheet: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    before: datetime | None = None
    due: Mapping[str, datetime] | None = None


# Recognises a source from its folder and the folder's entries; None if the source is of another kind.
Recognise = Callable[[Path, list[Path], Asked], Listing | None]
