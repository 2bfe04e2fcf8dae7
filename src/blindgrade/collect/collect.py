"""`course collect`: copy another system's submissions into `submitted/<student>/`."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from blindgrade import clock
from blindgrade.catalog import Catalog
from blindgrade.clock import instant
from blindgrade.collect import folders
from blindgrade.collect.copy_in import Taken, TooMuch, take
from blindgrade.collect.current import Lessons, lessons_of
from blindgrade.collect.groups import Groups, read_groups
from blindgrade.collect.people import owners
from blindgrade.collect.source_item import Asked, Listing, Recognise, SourceError, SourceItem
from blindgrade.collect.student_folder import Occupied, Source, StudentFolders
from blindgrade.engine.submission.archives import MANY, NOISE, ArchiveError, is_archive, unpacked
from blindgrade.roster.matching import Roster
from blindgrade.roster.names import folded

LAST = datetime.max.replace(tzinfo=UTC)
EXPORT = re.compile(r"assignment_\d+_export")  # the folder in Gradescope's archive
MAX_DOWN = 3  # most folders that may wrap the folder with the submissions


@dataclass
class Report:
    """Result for one source: submissions by student, submissions of unknown people, and refused submissions.

    unclear: submissions whose time could not be used, with the reason. timeless: students with a new submission that
    has neither a time nor a late marker. lessons: ids of the lessons that new submissions hold. remarks: sentences
    about the whole source.
    """

    kind: str
    new: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    known: list[str] = field(default_factory=list)
    set_aside: list[tuple[str, str, str]] = field(default_factory=list)  # label, reason, where
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    unclear: list[tuple[str, str]] = field(default_factory=list)
    timeless: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    lessons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Was everything in the source collected, with every time that the source has?"""
        return not self.set_aside and not self.refused and not self.unclear


class _Found(NamedTuple):
    """One student's submission, read into a folder that can be moved."""

    student: str
    item: SourceItem
    taken: Taken
    files: Path


@dataclass(frozen=True)
class Options:
    """What the person adds who collects. The names are those of `course collect`'s options and of Asked."""

    roster: Roster | None = None
    kind: str = "auto"
    zone: tzinfo | None = None
    worksheet: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    groups: Path | None = None
    before: datetime | None = None
    at_deadline: bool = False


def collect(
    catalog: Catalog, source: Path, to: Path, sources: Mapping[str, Recognise], options: Options | None = None
) -> Report:
    """Collect every submission of the source. SourceError if it is no source. The source is never changed.

    `sources` has a recogniser for each kind of source, the most certain kind first. `options.kind` is one of its names,
    or "auto".
    """
    options = options or Options()
    _apart(source, to)
    groups = read_groups(options.groups, options.roster) if options.groups else None
    lessons = Lessons.of(catalog)
    folder = StudentFolders(to, lessons)
    with _opened(source) as (root, notes), TemporaryDirectory(prefix="blindgrade-collect-") as scratch:
        asked = _asked(catalog, lessons, Path(scratch), options)
        listing = _recognised(root, options.kind, sources, asked)
        _fitting(listing.kind, options)
        report = Report(listing.kind, refused=list(listing.refused), remarks=list(listing.remarks))
        report.refused += [("", note) for note in notes]
        with folder.staging() as stage:
            waiting = _read(listing, stage, folder, report, options.roster, groups)
            for group in waiting.values():
                _keep(folder, group, _origin(source, listing.kind), report)
        folder.index()
    report.remarks += _without_times(report, catalog, options)
    report.lessons.sort(key=list(lessons.ids.values()).index)
    return report


@contextmanager
def listed(catalog: Catalog, source: Path, sources: Mapping[str, Recognise], kind: str) -> Iterator[Listing]:
    """Submissions in a source, which stays unpacked while the context lasts. SourceError if it is no such source."""
    with _opened(source) as (root, notes), TemporaryDirectory(prefix="blindgrade-listed-") as scratch:
        listing = _recognised(root, kind, sources, Asked(Lessons.of(catalog), Path(scratch)))
        listing.refused += [("", note) for note in notes]
        yield listing


def _without_times(report: Report, catalog: Catalog, options: Options) -> list[str]:
    """Sentence about the new submissions that no due date can count for."""
    if not report.timeless or not catalog.course.policy.due:
        return []
    how = " Moodle's grading worksheet has the times: --worksheet FILE --timezone ZONE."
    return [
        f"{len(report.timeless)} new submissions have no time, so they never count as late; `course standings` lists"
        f" them.{how if report.kind == 'moodle' and not options.worksheet else ''}"
    ]


def _asked(catalog: Catalog, lessons: Lessons, scratch: Path, options: Options) -> Asked:
    due = {lessons.folders[one]: at for one, at in catalog.course.policy.due.items() if one in lessons.folders}
    if options.at_deadline and not due:
        raise SourceError("course.toml has no due dates ([policy.due]); write them, or give the time with --before")
    return Asked(
        lessons, scratch, options.zone, options.worksheet, options.columns, options.before,
        due if options.at_deadline else None,
    )  # fmt: skip


def _fitting(kind: str, options: Options) -> None:
    """SourceError if an option is of another kind of source."""
    needs = {
        "--worksheet": (options.worksheet, "moodle"), "--column": (options.columns, "moodle"),
        "--before": (options.before, "git"), "--at-deadline": (options.at_deadline, "git"),
    }  # fmt: skip
    other = [name for name, (value, of) in needs.items() if value and of != kind]
    if other:
        raise SourceError(f"this source is of kind {kind}; {other[0]} is for sources of kind {needs[other[0]][1]} only")


def _read(
    listing: Listing,
    stage: Path,
    folder: StudentFolders,
    report: Report,
    roster: Roster | None,
    groups: Groups | None,
) -> dict[tuple[str, str], list[_Found]]:
    """Read the submissions into the folder `stage`. Return those of known students, by student and assignment."""
    waiting: dict[tuple[str, str], list[_Found]] = defaultdict(list)
    held: Counter[str] = Counter()
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
        held.update({one for one in lessons_of(taken.digests, folder.lessons, item.part).values() if one})
        report.refused += [(item.label, note) for note in taken.notes]
        if item.unclear:
            report.unclear.append((item.label, item.unclear))
        people = list(owners(item, roster, groups))
        for copy, owner in enumerate(people, start=1):
            last = copy == len(people)
            mine = files if last else stage / f"{number}-{copy}"
            if not last:  # the last one gets the folder itself, because it may be moved away
                take([("", files)], mine)
            if owner.student is None:
                report.set_aside.append((owner.item.label, owner.why, folder.set_aside(owner.item, taken, mine)))
            else:
                waiting[folded(owner.student), item.part].append(_Found(owner.student, owner.item, taken, mine))
    folder.expected = held.most_common(1)[0][0] if held else ""
    return waiting


def _keep(folder: StudentFolders, group: list[_Found], source: Source, report: Report) -> None:
    """Keep the submissions of one student for one assignment, the oldest first."""
    group.sort(key=lambda one: one.item.stored.order if one.item.stored else (instant(one.item.submitted_at), LAST))
    if reason := _clash(group):
        # The other members of a group have the same submissions, and the same reason.
        said = set(report.refused)
        report.refused += [one for one in ((found.item.label, reason) for found in group) if one not in said]
        return
    seen: set[tuple[str | None, str]] = set()
    for student, item, taken, files in group:
        folder.claimed(item, taken)
        if item.stored is None and (one := (item.submitted_at, taken.digest())) in seen:
            continue  # a group's submission, once for each member
        elif item.stored is None:
            seen.add(one)
        try:
            added = folder.add(student, item, taken, files, source)
        except Occupied as error:
            report.refused.append((item.label, str(error)))
            continue
        report.notes += [(student, note) for note in (*(item.notes if added.fresh else ()), *added.notes)]
        if item.group and student not in report.groups.setdefault(item.group, []):
            report.groups[item.group].append(student)
        if added.fresh or added.notes:
            report.lessons += sorted(added.lessons - {*report.lessons})
        if added.fresh:
            report.new[student].append(item.label)
            if item.submitted_at is None and item.late is None:
                report.timeless.append(student)
        else:
            report.known.append(student)


def _origin(source: Path, kind: str) -> Source:
    changed = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    return Source(f"{kind}: {source}", clock.utc(changed), clock.now("microseconds"))


def _clash(group: list[_Found]) -> str:
    """Reason why one student cannot have all of these submissions; empty if the student can.

    The ids differ in capitals only, or no time shows which submission is the latest.
    """
    labels = sorted({one.item.label for one in group})
    if len({one.student for one in group}) > 1:
        return f"{' and '.join(labels)} differ in capitals only; name a roster with --roster"
    times = {(one.item.submitted_at, one.taken.digest()) for one in group if one.item.stored is None}
    if len({at for at, _ in times}) < len(times):
        of = f"group, {group[0].item.group}" if group[0].item.group else f"student, {group[0].student}"
        return f"{' and '.join(labels)} are submissions of one {of}; keep the right one in the source"
    return ""


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


def _recognised(root: Path, kind: str, sources: Mapping[str, Recognise], asked: Asked) -> Listing:
    """Listing of the folder. If its only entry is a folder, look inside that folder, too. SourceError if none fits."""
    levels = [root]
    while len(levels) <= MAX_DOWN and (inner := _only_folder(levels[-1])) is not None:
        levels.append(inner)
    for number, level in enumerate(levels):
        for name in sources if kind == "auto" else [kind]:
            if name == "folders":
                continue  # every source also looks like plain folders, so that kind is tried last
            listing = sources[name](level, _entries(level), asked)
            if listing is not None and number and kind == "auto" and not EXPORT.fullmatch(level.name):
                # It can be one student's own folder that imitates a download and names other students.
                raise SourceError(
                    f"{level} looks like a source of kind {name}; name that folder or --kind {name}, or use"
                    " --kind folders if it is a student's"
                )
            if listing is not None:
                return listing
    if kind in ("auto", "folders"):
        level = next(
            (one for one in levels if (inner := _only_folder(one)) is None or _is_student(inner, asked.lessons)), root
        )
        listing = folders.plain(level, _entries(level), asked)
        if listing is not None and (listing.items or listing.refused):
            return _without_lessons(listing, asked.lessons)
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
