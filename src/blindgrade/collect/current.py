"""Choose the files that are graded: for each lesson, the latest version that holds the lesson."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blindgrade.catalog import Catalog, CourseError
from blindgrade.collect.copy_in import TooMuch, take
from blindgrade.engine.submission.archives import (
    MAX_UNPACKED,
    ArchiveError,
    Limits,
    is_archive,
    unknown_archive,
    unpacked,
)
from blindgrade.engine.submission.file_names import SUFFIXES, named, suffix_of
from blindgrade.engine.submission.finding import Choice, Wanted, find
from blindgrade.engine.submission.lesson_source import Looking
from blindgrade.engine.submission.tree import MAX_NESTED
from blindgrade.lesson_files import LessonFiles

MAX_WRAPPING = 8


@dataclass(frozen=True)
class Lessons:
    """Names of a course's lessons, folders and modules, and the names that each lesson's exercises define."""

    folders: dict[str, str]  # lesson's id or folder to its folder
    modules: dict[str, str]  # module to folder
    ids: dict[str, str]  # folder to lesson's id
    defines: dict[str, frozenset[str]] = field(default_factory=dict)  # by the lesson's folder

    @classmethod
    def of(cls, catalog: Catalog) -> Lessons:
        """All lessons of the table of contents, planned ones too."""
        files = [catalog.files(entry.id) for entry in catalog.entries]
        folders = {name: f.folder for f in files for name in (f.entry.id, f.folder)}
        defines = {f.folder: _defines(catalog, f) for f in files if f.entry.status == "ready"}
        return cls(folders, {f.module: f.folder for f in files}, {f.folder: f.entry.id for f in files}, defines)

    def wanted(self, defines: bool) -> list[Wanted]:
        """Each lesson to look for, with the names that it defines if definitions decide, too."""
        return [
            Wanted(self.ids.get(folder, folder), folder, module, self.defines.get(folder, frozenset()) if defines else
                   frozenset())
            for module, folder in self.modules.items()
        ]  # fmt: skip

    @property
    def graded(self) -> frozenset[str] | None:
        """Names that the exercises of all lessons define; None if they are not known."""
        return frozenset().union(*self.defines.values()) or None

    def place(self, name: str, part: str) -> str:
        """Path of a submitted file in the folder of current files."""
        parts = PurePosixPath(name).parts
        if parts[0] == "exercises" and len(parts) > 2 and parts[1] in self.folders:
            parts = parts[1:]  # the student submitted the whole repository
        elif part in self.folders and parts[0] not in self.folders:
            parts = (part, *parts)
        if len(parts) > 1:
            parts = (self.folders.get(parts[0], parts[0]), *parts[1:])
        return "/".join(parts)

    def lesson_of(self, name: str) -> str | None:
        """Folder of the lesson that a current file belongs to; None if it belongs to no lesson."""
        first, _, rest = name.partition("/")
        if rest:
            return first if first in self.folders.values() else None
        path = PurePosixPath(first)
        return self.modules.get(path.stem) if path.suffix in SUFFIXES else None


def _defines(catalog: Catalog, files: LessonFiles) -> frozenset[str]:
    try:
        return frozenset(exercise.defines for exercise in catalog.lesson(files).exercises)
    except CourseError:
        return frozenset()  # a mistake in a lesson's description must not stop the collecting


@dataclass
class Current:
    """Current files of a student.

    origin: number of the version that each file is from. winners: number of the version that each lesson is from.
    holds: the lessons that each version has an answer of. notes: sentences about files that could not be used.
    """

    origin: dict[str, int] = field(default_factory=dict)
    winners: dict[str, int] = field(default_factory=dict)
    holds: list[set[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def lessons_of(names: Iterable[str], lessons: Lessons, part: str = "") -> dict[str, str | None]:
    """Lesson's folder of each file of one submission; None if the file belongs to no lesson."""
    inside = _without_wrapping({name: Path(name) for name in names}, lessons)
    return {path.as_posix(): _lesson_of(lessons.place(name, part), lessons) for name, path in inside.items()}


def _lesson_of(name: str, lessons: Lessons) -> str | None:
    """Lesson's folder of a file, also of a file whose name only resembles the lesson's own."""
    alike = named(name, lessons.modules)
    return lessons.lesson_of(name) or (lessons.modules[alike.module] if alike else None)


def lay_out(versions: list[tuple[Path, str]], lessons: Lessons, target: Path, expected: str = "") -> Current:
    """Copy the current files to `target`. `versions` are folders with their assignments (parts), the oldest first.

    expected: folder of the lesson that a message names if there is no lesson in the files.
    """
    opened = [_opened(folder, part, lessons, target.parent / f"{target.name}-{n}") for n, (folder, part) in
              enumerate(versions)]  # fmt: skip
    current = Current()
    for number, one in enumerate(opened):
        current.holds.append(set(one.held))
        current.winners |= dict.fromkeys(one.held, number)
    oldest = min(current.winners.values(), default=len(versions) - 1)
    for number, one in enumerate(opened):
        if number < oldest:
            continue
        current.notes += one.notes
        for name, source in one.files.items():
            lesson = lessons.lesson_of(name)
            if lesson is None or number >= current.winners.get(lesson, 0):
                place = target / PurePosixPath(name)
                try:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, place)
                except OSError:
                    current.notes.append(f"{name!a} is a file in one version and a folder in another; see .versions/")
                    continue
                current.origin[name] = number
    if not current.winners:
        folder = lessons.folders.get(versions[-1][1], expected)
        module = next((name for name, of in lessons.modules.items() if of == folder), next(iter(lessons.modules)))
        current.notes.append(f"holds no file of a lesson, such as {module}.py")
    return current


@dataclass
class _Opened:
    """A version's files by their current paths, notes, and the folders of the lessons that it holds."""

    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)


def _opened(folder: Path, part: str, lessons: Lessons, scratch: Path) -> _Opened:
    """A version with its archives unpacked. Each lesson's file has the lesson's own name."""
    opened = _Opened()
    files = _without_wrapping(_unpacked_files(folder, scratch, opened.notes), lessons)
    files = {name: path for name, path in files.items() if not name.startswith(".")}  # ours or a tool's
    placed = {lessons.place(name, part): path for name, path in files.items()}
    chosen: dict[str, list[str]] = {}  # files of each lesson that is held
    left: set[str] = set()  # copies of a lesson's file, which stay in .versions/
    look = Looking(placed, lessons.graded)
    for lesson, choice in _choices(placed, part, lessons, look):
        opened.notes += choice.notes + ([choice.refused] if choice.refused else [])
        opened.held.add(lesson)
        chosen[lesson] = choice.names
        left.update(choice.others)
    opened.files = _own_names({n: path for n, path in placed.items() if n not in left}, chosen, lessons)
    return opened


def _choices(names: Iterable[str], part: str, lessons: Lessons, look: Looking) -> list[tuple[str, Choice]]:
    """Lessons that a version holds, each with its files, or with the reason why none could be chosen.

    Definitions decide only if no name does. Otherwise a helper with a copy of an earlier lesson's answer would replace
    that lesson's file.
    """
    by_name = [(one.folder, find(one, names, lessons.modules, look)) for one in lessons.wanted(defines=False)]
    held = [(lesson, choice) for lesson, choice in by_name if choice.names or choice.refused]
    asked = lessons.folders.get(part)
    if asked in dict(held) or (asked is None and held):
        return held
    loose = [(one.folder, find(one, names, lessons.modules, look)) for one in lessons.wanted(defines=True)
             if asked in (None, one.folder)]  # fmt: skip
    found = [(lesson, choice) for lesson, choice in loose if choice.names or choice.refused]
    return [*held, *(found if len(found) == 1 else [])]


def _own_names(placed: dict[str, Path], chosen: dict[str, list[str]], lessons: Lessons) -> dict[str, Path]:
    """The files, with each lesson's file under its own name in a place where the grader looks first.

    A lesson's file in another folder takes the files beside it along, because they may be its helpers.
    """
    modules = {folder: module for module, folder in lessons.modules.items()}
    renamed: dict[str, str] = {}
    homes: dict[str, list[str]] = defaultdict(list)  # other folders by the lessons whose files they hold
    for lesson, names in chosen.items():
        for name in names:
            own = PurePosixPath(name).with_name(modules[lesson] + suffix_of(name)).as_posix()
            renamed[name] = own
            if lessons.lesson_of(own) != lesson and lesson not in homes[PurePosixPath(own).parent.as_posix()]:
                homes[PurePosixPath(own).parent.as_posix()].append(lesson)
    moved: dict[str, Path] = {}
    for name, path in placed.items():
        own = renamed.get(name, name)
        home = next((h for h in sorted(homes, key=len, reverse=True) if homes[h] and own.startswith(f"{h}/")), None)
        if home is not None:
            rest = own[len(home) + 1 :]
            own = f"{homes[home][0]}/{rest}" if len(homes[home]) == 1 else rest
        if name in renamed or own not in moved:
            moved[own] = path
    return moved


def _unpacked_files(folder: Path, scratch: Path, notes: list[str]) -> dict[str, Path]:
    """Files of a version by name. Files of an archive have the names that they would have in the archive's place."""
    found: dict[str, Path] = {}
    room = MAX_UNPACKED  # for all archives of the version together
    names = [(path.relative_to(folder).as_posix(), path, 0) for path in sorted(folder.rglob("*")) if path.is_file()]
    while names:
        name, path, level = names.pop(0)
        if reason := unknown_archive(name):
            notes.append(f"{name!a} was not opened: {reason}")
        if is_archive(path) and level < MAX_NESTED:
            try:
                inner = _unpacked(path, name, scratch, room, notes)
            except (ArchiveError, TooMuch) as error:
                notes.append(f"{name!a} {error}; it is kept as it was submitted")
            else:
                room -= sum(file.stat().st_size for file in inner.values())
                names += [(own, file, level + 1) for own, file in inner.items()]
                continue
        if name in found and found[name].read_bytes() != path.read_bytes():
            notes.append(f"{name!a} is there twice, in archives or beside one; the last one was taken")
        found[name] = path
    return found


def _unpacked(path: Path, name: str, scratch: Path, room: int, notes: list[str]) -> dict[str, Path]:
    """Files of the archive, with paths as if the student had submitted them in the archive's place."""
    out = scratch / f"archive-{len(list(scratch.iterdir())) if scratch.is_dir() else 0}"
    with unpacked(path, Limits(unpacked=room, file=room)) as (inside, left):
        taken = take([("", inside)], out)
        notes += [f"{name}: {note}" for note in (*left, *taken.notes)]
    above = PurePosixPath(name).parent.as_posix()
    return {(f"{above}/{inner}" if above != "." else inner): out / inner for inner in taken.digests}


def _without_wrapping(files: dict[str, Path], lessons: Lessons) -> dict[str, Path]:
    """Files without the folders that wrap all of them."""
    for _ in range(MAX_WRAPPING):
        tops = {name.partition("/")[0] for name in files}
        top = next(iter(tops), "")
        nested = all("/" in name for name in files)
        if len(tops) != 1 or not nested or top in lessons.folders or top == "exercises":
            break
        files = {name.partition("/")[2]: path for name, path in files.items()}
    return files
