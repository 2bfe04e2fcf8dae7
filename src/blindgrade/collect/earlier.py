"""Source: a folder that `course collect` wrote earlier or on another machine. All versions keep their times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from blindgrade import clock
from blindgrade.clock import instant
from blindgrade.collect.copy_in import TooMuch, take
from blindgrade.collect.source_item import Asked, Listing, SourceItem
from blindgrade.collect.student_folder import SET_ASIDE, VERSIONS, shown_in
from blindgrade.roster.people import Identifier
from blindgrade.submitted import COLLECTED, CollectedIndex, CollectedRecord, CollectedStudent, Version

FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def collected(root: Path, entries: list[Path], asked: Asked) -> Listing | None:
    """Listing of all versions in a folder with an index; None without one.

    A student may have written any file into the own folder, but none beside the folders.
    """
    index = root / COLLECTED
    if index.is_symlink() or not index.is_file():
        return None
    students = CollectedIndex.read(root).students
    if not students:
        return None
    listing = Listing("collected")
    for path in entries:
        if path.is_symlink() or not path.is_dir():
            listing.refused.append((path.name, "it is no folder of a student"))
        else:
            _student(path, students.get(path.name), listing)
    missing = sorted(students.keys() - {path.name for path in entries})
    listing.refused += [(name, f"{COLLECTED} lists it, but its folder is missing") for name in missing]
    if (root / SET_ASIDE).is_dir():
        count = len(list((root / SET_ASIDE).iterdir()))
        listing.refused.append((SET_ASIDE, f"{count} submissions were set aside there; collect their source again"))
    return listing


def _student(path: Path, entry: CollectedStudent | None, listing: Listing) -> None:
    """List the versions of one student."""
    name = path.name
    who = (Identifier("any", name),)
    try:
        record = CollectedRecord.read(path / COLLECTED)
    except FileNotFoundError:
        record = None
    except (OSError, ValueError):
        listing.refused.append((name, f"its {COLLECTED} is damaged; restore it"))
        return
    if record is None:
        times = {lesson.submitted_at for lesson in entry.lessons.values()} if entry else set()
        if entry is None or times - {entry.submitted_at}:
            listing.refused.append((name, f"its {COLLECTED} is missing; copy the whole folder, also hidden files"))
            return
        item = SourceItem(
            name, who, name, (("", path),), submitted_at=entry.submitted_at, clock=entry.clock, late=entry.late,
            group=entry.group, without=frozenset({COLLECTED, VERSIONS}),
        )  # fmt: skip
        listing.items.append(item)
        return
    for version in _in_order(record.versions):
        folder = path / VERSIONS / version.folder
        if not FOLDER.fullmatch(version.folder) or folder.is_symlink() or not folder.is_dir():
            reason = f"a version in its {COLLECTED} is missing; copy the whole folder, also hidden files"
            listing.refused.append((name, reason))
            continue
        item = SourceItem(
            name, who, name, (("", folder),), version.part, version.submitted_at, version.clock, version.late,
            version.group, stored=version,
        )  # fmt: skip
        listing.items.append(item)
    if _changed(path, record):
        listing.refused.append((name, "somebody changed its current files after collecting; copy those files yourself"))


def _in_order(versions: list[Version]) -> Iterator[Version]:
    """Versions with different times of collecting, so that their order is not lost."""
    last: Version | None = None
    for version in versions:
        if last is not None and version.order <= last.order:
            later = instant(last.collected_at) + timedelta(microseconds=1)
            version = version.model_copy(update={"collected_at": clock.utc(later, "microseconds")})
        yield version
        last = version


def _changed(path: Path, record: CollectedRecord) -> bool:
    with TemporaryDirectory(prefix="blindgrade-changed-") as folder:
        try:
            files = take([(name, path / name) for name in shown_in(path)], Path(folder, "files"))
        except TooMuch:
            return True
    return files.digest() != record.files
