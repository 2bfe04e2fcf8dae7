"""The folder of collected submissions: every version as the student submitted it, and the current files.

submitted/ana/                 the files that are graded
submitted/ana/.collected.json  time, source and digest of each version
submitted/ana/.versions/…      each submission, unchanged
submitted/.collected.json      a short record of every student
submitted/.set-aside/…         submissions of people who are not in the roster
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pydantic import ValidationError

from blindgrade.clock import instant
from blindgrade.collect.copy_in import Taken, take
from blindgrade.collect.current import Current, Lessons, lay_out
from blindgrade.collect.source_item import SourceItem
from blindgrade.files import write_whole
from blindgrade.roster.names import folded
from blindgrade.submitted import COLLECTED, CollectedIndex, CollectedLesson, CollectedRecord, Version

VERSIONS = ".versions"
SET_ASIDE = ".set-aside"


@dataclass(frozen=True)
class Source:
    """Origin of submissions. `at` is the time of the download or of its last change, `now` the present time."""

    name: str
    at: str
    now: str


@dataclass(frozen=True)
class Added:
    """What became of a submission: is it new, notes about it, and ids of the lessons that it holds."""

    fresh: bool
    notes: list[str]
    lessons: set[str]


class Occupied(Exception):
    """This command must not write the student's folder. The message says what to do."""


class StudentFolders:
    """The folder `submitted/`."""

    def __init__(self, root: Path, lessons: Lessons) -> None:
        self.root = root
        self.lessons = lessons
        self.expected = ""  # folder of the lesson that most submissions of this collection hold
        self._homes: dict[str, str] = {}  # names by their form on systems that ignore capitals

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Temporary folder on the same file system, removed at the end."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=".incoming-", dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, student: str, item: SourceItem, taken: Taken, files: Path, source: Source) -> Added:
        """Keep a submission, or what is new about one that is kept already. `files` is moved.

        Raises Occupied if the submission cannot be kept.
        """
        home = self._home(student)
        record = self._record(home, student)
        version = item.stored or _version(item, taken, source)
        known = _stored(record.versions, version)
        changes = _learned(known, version) if known else []
        if known is None:
            keep = home / VERSIONS / version.folder
            keep.parent.mkdir(parents=True, exist_ok=True)
            if not keep.exists():  # it exists if an earlier run was interrupted here
                files.rename(keep)
            record.versions.append(version)
        record.versions.sort(key=lambda one: one.order)
        lessons: set[str] = set()
        if known is None or changes or not self._whole(home, record):
            lessons = self._renew(home, record, known or version)
        fresh = known is None
        return Added(fresh, record.notes if fresh else changes, {self.lessons.ids[one] for one in lessons})

    def set_aside(self, item: SourceItem, taken: Taken, files: Path) -> str:
        """Keep a submission of an unknown person. Return its path below the root."""
        keep = self.root / SET_ASIDE / f"{_slug(item)}-{_mark(item, taken)}"
        if not keep.exists():
            keep.parent.mkdir(parents=True, exist_ok=True)
            files.rename(keep)
        return f"{SET_ASIDE}/{keep.name}"

    def claimed(self, item: SourceItem, taken: Taken) -> None:
        """Remove the copy in `.set-aside` of a submission whose student is known now."""
        earlier = f"{_slug(item)}-{taken.digest(item.part)[:16]}"  # the name that an earlier version gave
        for kept in (*(self.root / SET_ASIDE).glob(f"*-{_mark(item, taken)}"), self.root / SET_ASIDE / earlier):
            if kept.is_dir():
                shutil.rmtree(kept)
        with suppress(OSError):
            (self.root / SET_ASIDE).rmdir()  # succeeds only if the folder is empty

    def index(self) -> None:
        """Write the index from the students' records. No student can write a file beside the students' folders."""
        index = CollectedIndex()
        for path in sorted(self.root.glob(f"[!.]*/{COLLECTED}")):
            with suppress(Occupied):
                record = self._record(path.parent, path.parent.name)
                index.students[path.parent.name] = record.in_short(self.lessons.ids)
        with self.staging() as stage:
            write_whole(self.root / COLLECTED, index.to_json(), pieces=stage)

    def _home(self, student: str) -> Path:
        home = self.root / student
        self._homes = self._homes or {folded(name): name for name in os.listdir(self.root)}
        there = self._homes.setdefault(folded(student), student)
        if there != student:
            raise Occupied(f"{self.root / there} exists, and some systems treat {student} as the same name; rename it")
        if home.is_symlink() or (home.exists() and not (home / COLLECTED).is_file() and shown_in(home)):
            raise Occupied(f"{home} was not made by course collect, so nothing is written there; move it away first")
        return home

    def _record(self, home: Path, student: str) -> CollectedRecord:
        try:
            return CollectedRecord.read(home / COLLECTED)
        except FileNotFoundError:
            return CollectedRecord(student=student)
        except ValidationError:
            raise Occupied(f"{home / COLLECTED} was written by another program or version; move {home} away") from None
        except ValueError:
            raise Occupied(f"{home / COLLECTED} is damaged; restore it, or move {home} away") from None

    def _whole(self, home: Path, record: CollectedRecord) -> bool:
        """Did an earlier run finish this folder?"""
        return bool(record.digest == record.versions[-1].digest and shown_in(home))

    def _renew(self, home: Path, record: CollectedRecord, version: Version) -> set[str]:
        """Write the current files again. Files that somebody changed there are kept first, in `.versions`.

        Return the folders of the lessons that this version holds.
        """
        with self.staging() as stage:
            fresh = stage / "current"
            fresh.mkdir()
            versions = [(home / VERSIONS / v.folder, v.part) for v in record.versions]
            current = lay_out(versions, self.lessons, fresh, self.expected)
            files = take([("", fresh)], stage / "digest").digest()
            self._keep_changes(home, record, stage)
            for name in shown_in(home):
                _remove(home / name)
            for path in sorted(fresh.iterdir()):
                path.rename(home / path.name)
            _describe(record, current, files)
            write_whole(home / COLLECTED, record.to_json(), pieces=stage)
        return current.holds[next(n for n, one in enumerate(record.versions) if one is version)]

    def _keep_changes(self, home: Path, record: CollectedRecord, stage: Path) -> None:
        shown = shown_in(home)
        before = take([(name, home / name) for name in shown], stage / "before")
        if shown and before.digest() != record.files:
            keep = home / VERSIONS / f"changed-here-{before.digest()[:12]}"
            if not keep.exists():
                (stage / "before").rename(keep)


def _version(item: SourceItem, taken: Taken, source: Source) -> Version:
    digest = taken.digest(item.part)
    at = item.submitted_at or source.at
    return Version(
        folder=f"{at.replace(':', '-')}-{digest[:12]}",
        submitted_at=item.submitted_at,
        clock=item.clock,
        downloaded_at=source.at,
        collected_at=source.now,
        late=item.late,
        source=source.name,
        label=item.label,
        part=item.part,
        digest=digest,
        notes=[*item.notes, *taken.notes],
        group=item.group,
    )


def _slug(item: SourceItem) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", item.label).strip("-")[:40]


def _mark(item: SourceItem, taken: Taken) -> str:
    """End of a name in `.set-aside`. Two people have two copies, also of the same files."""
    return taken.digest(f"{item.part}\n{item.member or item.label}")[:16]


def _stored(versions: list[Version], new: Version) -> Version | None:
    """The stored version that is the same submission; None if the submission is new.

    With a time: the same files at the same time, or the same files that were downloaded later and had no time then.
    Moodle gives the time of the last change, which never goes back: an earlier time corrects the stored one.
    Without a time: the newest files until then.
    """
    of_part = [version for version in versions if version.part == new.part]
    same = [version for version in of_part if version.digest == new.digest]
    if new.submitted_at is not None:
        at = instant(new.submitted_at)
        timeless = [v for v in same if v.submitted_at is None and at <= instant(v.downloaded_at)]
        if _corrects(new, of_part[-1] if of_part else None):
            return of_part[-1]
        return next((v for v in same if v.submitted_at == new.submitted_at), timeless[-1] if timeless else None)
    before = [version for version in of_part if version.order <= new.order]
    return before[-1] if before and before[-1].digest == new.digest else None


def _corrects(new: Version, newest: Version | None) -> bool:
    """Is this the newest version with an earlier time, because its time was read in another zone before?"""
    return (
        newest is not None
        and newest.submitted_at is not None
        and newest.digest == new.digest
        and newest.clock == new.clock == "moodle"
        and instant(new.submitted_at) < instant(newest.submitted_at)
    )


def _learned(known: Version, new: Version) -> list[str]:
    """Write into a stored version what is known only now. Return a sentence for each change."""
    changes = []
    if known.submitted_at is None and new.submitted_at is not None:
        known.submitted_at, known.clock = new.submitted_at, new.clock
        changes.append(f"its time is known now: {new.submitted_at}")
    elif new.submitted_at != known.submitted_at and new.submitted_at is not None:
        changes.append(f"its time was {known.submitted_at} before and is {new.submitted_at} now")
        known.submitted_at = new.submitted_at
    if new.late is not None and new.late != known.late and instant(new.downloaded_at) >= instant(known.downloaded_at):
        known.late = new.late
        changes.append("the system marks it as late now" if new.late else "the system no longer marks it as late")
    if new.group and new.group != known.group:
        known.group = new.group
        changes.append(f"its group is {new.group} now")
    return changes


def _describe(record: CollectedRecord, current: Current, files: str) -> None:
    """Record the time, source and digest of the latest version, and for each lesson the version that it is from."""
    versions = record.versions
    last = versions[-1]
    record.submitted_at, record.late, record.clock = last.submitted_at, last.late, last.clock
    record.group, record.source, record.digest = last.group, last.source, last.digest
    record.files = files
    record.lessons = {
        lesson: CollectedLesson(**dict(versions[number].handed_in), folder=versions[number].folder)
        for lesson, number in sorted(current.winners.items())
    }
    record.notes = current.notes


def shown_in(home: Path) -> list[str]:
    """Names of the current files and folders of a student."""
    return sorted(name for name in os.listdir(home) if not name.startswith(".")) if home.is_dir() else []


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
