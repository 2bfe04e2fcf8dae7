"""`course collect`: copy another system's submissions into `submitted/<student>/`."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from blindgrade import clock
from blindgrade.catalog import Catalog
from blindgrade.collect import folders
from blindgrade.collect.copy_in import Taken, TooMuch, take
from blindgrade.collect.current import Lessons
from blindgrade.collect.source_item import Listing, Recognise, SourceError, SourceItem
from blindgrade.collect.student_folder import Occupied, Source, StudentFolders
from blindgrade.engine.submission.archives import MANY, NOISE, ArchiveError, is_archive, unpacked
from blindgrade.roster.matching import Roster
from blindgrade.roster.names import is_id

EXPORT = re.compile(r"assignment_\d+_export")  # the folder in Gradescope's archive
MAX_DOWN = 3  # most folders that may wrap the folder with the submissions


@dataclass
class Report:
    """Result for one source: submissions by student, submissions of unknown people, and refused submissions."""

    kind: str
    new: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    known: list[str] = field(default_factory=list)
    set_aside: list[tuple[str, str, str]] = field(default_factory=list)  # label, reason, where
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Was everything in the source collected?"""
        return not self.set_aside and not self.refused


def collect(
    catalog: Catalog,
    source: Path,
    to: Path,
    sources: Mapping[str, Recognise],
    roster: Roster | None = None,
    kind: str = "auto",
) -> Report:
    """Collect every submission of the source. SourceError if it is no source. The source is never changed.

    `sources` has a recogniser for each kind of source, the most certain kind first. `kind` is one of its names, or
    "auto".
    """
    _apart(source, to)
    lessons = Lessons.of(catalog)
    folder = StudentFolders(to, lessons)
    with _opened(source) as (root, notes), folder.staging() as stage:
        listing = _recognised(root, kind, sources, lessons)
        report = Report(listing.kind, refused=list(listing.refused))
        report.refused += [("", note) for note in notes]
        waiting: dict[tuple[str, str], list[tuple[str, SourceItem, Taken, Path]]] = defaultdict(list)
        for number, item in enumerate(listing.items):
            files = stage / str(number)
            files.mkdir()
            try:
                taken = take(item.entries, files, item.without)
            except TooMuch as error:
                report.refused.append((item.label, str(error)))
                shutil.rmtree(files)
                continue
            if not taken.digests:
                report.refused.append((item.label, "; ".join(["there is no file in it", *taken.notes])))
                continue
            student, why = _student(item, roster)
            if student is None:
                report.set_aside.append((item.label, why, folder.set_aside(item, taken, files)))
            else:
                waiting[student.casefold(), item.part].append((student, item, taken, files))
        for group in waiting.values():
            _keep(folder, group, _origin(source, listing.kind), report)
        folder.index()
    return report


@contextmanager
def listed(catalog: Catalog, source: Path, sources: Mapping[str, Recognise], kind: str) -> Iterator[Listing]:
    """Submissions in a source, which stays unpacked while the context lasts. SourceError if it is no such source."""
    with _opened(source) as (root, notes):
        listing = _recognised(root, kind, sources, Lessons.of(catalog))
        listing.refused += [("", note) for note in notes]
        yield listing


def _keep(
    folder: StudentFolders, group: list[tuple[str, SourceItem, Taken, Path]], source: Source, report: Report
) -> None:
    """Keep the submissions of one student for one assignment, the oldest first."""
    group.sort(key=lambda one: one[1].submitted_at or "")
    if reason := _clash(group):
        report.refused += [(item.label, reason) for _, item, _, _ in group]
        return
    for student, item, taken, files in group:
        folder.claimed(item, taken)
        try:
            fresh, notes = folder.add(student, item, taken, files, source)
        except Occupied as error:
            report.refused.append((item.label, str(error)))
            continue
        if fresh:
            report.new[student].append(item.label)
            report.notes += [(student, note) for note in (*item.notes, *notes)]
            report.refused += [(item.label, note) for note in taken.notes]
        else:
            report.known.append(student)


def _origin(source: Path, kind: str) -> Source:
    changed = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    return Source(f"{kind}: {source}", clock.utc(changed), clock.now())


def _clash(group: list[tuple[str, SourceItem, Taken, Path]]) -> str:
    """Reason why one student cannot have all of these submissions; empty if the student can.

    The ids differ in capitals only, or no time shows which submission is the latest.
    """
    labels = sorted({item.label for _, item, _, _ in group})
    if len({student for student, *_ in group}) > 1:
        return f"{' and '.join(labels)} differ in capitals only; name a roster with --roster"
    times = {(item.submitted_at, taken.digest()) for _, item, taken, _ in group}
    if len({at for at, _ in times}) < len(times):
        return f"{' and '.join(labels)} are submissions of one student, {group[0][0]}; keep the right one in the source"
    return ""


def _student(item: SourceItem, roster: Roster | None) -> tuple[str | None, str]:
    if roster is not None:
        return roster.find(item.who)
    if is_id(item.own):
        return item.own, ""
    return None, f"{item.own!a} cannot be a student's id; name a roster that lists this student (--roster)"


def _apart(source: Path, to: Path) -> None:
    here, there = source.resolve(), to.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise SourceError(f"{to} and {source} overlap: one folder contains the other; choose another folder with --to")


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Path, list[str]]]:
    """The source's folder, unpacked if it is an archive."""
    if source.is_dir():
        yield source, []
        return
    if not source.is_file() or not is_archive(source):
        raise SourceError(f"{source} is neither a folder nor an archive; name the download or the exchange's folder")
    try:
        with unpacked(source, MANY) as opened:
            yield opened
    except ArchiveError as error:
        raise SourceError(f"{source} {error}") from None


def _recognised(root: Path, kind: str, sources: Mapping[str, Recognise], lessons: Lessons) -> Listing:
    """Listing of the folder. If its only entry is a folder, look inside that folder, too. SourceError if none fits."""
    levels = [root]
    while len(levels) <= MAX_DOWN and (inner := _only_folder(levels[-1])) is not None:
        levels.append(inner)
    for number, level in enumerate(levels):
        for name in sources if kind == "auto" else [kind]:
            if name == "folders":
                continue  # every source also looks like plain folders, so that kind is tried last
            listing = sources[name](level, _entries(level))
            if listing is not None and number and kind == "auto" and not EXPORT.fullmatch(level.name):
                # It can be one student's own folder that imitates a download and names other students.
                raise SourceError(
                    f"{level} looks like a source of kind {name}; name that folder, or use --kind folders if it is a"
                    " student's"
                )
            if listing is not None:
                return listing
    if kind in ("auto", "folders"):
        level = next(
            (one for one in levels if (inner := _only_folder(one)) is None or _is_student(inner, lessons)), root
        )
        listing = folders.plain(level, _entries(level))
        if listing is not None and (listing.items or listing.refused):
            return _without_lessons(listing, lessons)
    what = "no submissions" if kind == "auto" else f"no submissions of {kind}"
    raise SourceError(f"{root} holds {what}; see `course collect --help` for the kinds of source")


def _only_folder(folder: Path) -> Path | None:
    entries = _entries(folder)
    return entries[0] if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink() else None


def _is_student(folder: Path, lessons: Lessons) -> bool:
    """Is this single folder a student's? Yes if it holds work; no if it holds only the folders of students."""
    inside = _entries(folder)
    archives = [path for path in inside if is_archive(path)]
    return len(archives) == len(inside) == 1 or any(
        (path.is_file() and path not in archives) or _is_lesson(path.name, lessons) for path in inside
    )


def _is_lesson(name: str, lessons: Lessons) -> bool:
    return name in lessons.folders or name == "exercises"


def _without_lessons(listing: Listing, lessons: Lessons) -> Listing:
    """Refuse folders that have a lesson's name: the source is then one student's folder."""
    for item in [one for one in listing.items if listing.kind == "folders" and _is_lesson(one.label, lessons)]:
        listing.items.remove(item)
        listing.refused.append(
            (item.label, "it is a lesson's folder; name the folder that holds the students' folders")
        )
    return listing


def _entries(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if not path.name.startswith(".") and path.name not in NOISE)
