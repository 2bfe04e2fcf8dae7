"""Choose the files that are graded: for each lesson, the latest version that holds the lesson."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blindgrade.catalog import Catalog
from blindgrade.collect.copy_in import TooMuch, take
from blindgrade.engine.submission.archives import MAX_UNPACKED, ArchiveError, Limits, is_archive, unpacked

# The number that Canvas and browsers append to a repeated name: "basics-1.py", "basics (1).py".
NUMBERED = re.compile(r"(?P<stem>\w+?)(?:-| ?\()(?P<number>\d{1,4})\)?")
MAX_WRAPPING = 8


@dataclass(frozen=True)
class Lessons:
    """Names of a course's lessons, folders and modules."""

    folders: dict[str, str]  # lesson's id or folder to its folder
    modules: dict[str, str]  # module to folder
    ids: dict[str, str]  # folder to lesson's id

    @classmethod
    def of(cls, catalog: Catalog) -> Lessons:
        """All lessons of the table of contents, planned ones too."""
        files = [catalog.files(entry.id) for entry in catalog.entries]
        folders = {name: f.folder for f in files for name in (f.entry.id, f.folder)}
        return cls(folders, {f.module: f.folder for f in files}, {f.folder: f.entry.id for f in files})

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
        return self.modules.get(path.stem) if path.suffix in (".py", ".ipynb") else None

    def is_answer(self, name: str) -> bool:
        """Is this the lesson's own file, and not another file in the lesson's folder?"""
        lesson, path = self.lesson_of(name), PurePosixPath(name)
        return (
            lesson is not None
            and len(path.parts) <= 2
            and path.suffix in (".py", ".ipynb")
            and self.modules.get(path.stem) == lesson
        )


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
    return {path.as_posix(): lessons.lesson_of(lessons.place(_bare(n, lessons), part)) for n, path in inside.items()}


def lay_out(versions: list[tuple[Path, str]], lessons: Lessons, target: Path, expected: str = "") -> Current:
    """Copy the current files to `target`. `versions` are folders with their assignments (parts), the oldest first.

    expected: folder of the lesson that a message names if there is no lesson in the files.
    """
    opened = [_opened(folder, part, lessons, target.parent / f"{target.name}-{n}") for n, (folder, part) in
              enumerate(versions)]  # fmt: skip
    current = Current()
    for number, (files, _) in enumerate(opened):
        answers = [name for name in files if lessons.is_answer(name)]
        current.holds.append({lesson for name in answers if (lesson := lessons.lesson_of(name)) is not None})
        current.winners |= dict.fromkeys(current.holds[-1], number)
    oldest = min(current.winners.values(), default=len(versions) - 1)
    for number, (files, notes) in enumerate(opened):
        if number < oldest:
            continue
        current.notes += notes
        for name, source in files.items():
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


def _opened(folder: Path, part: str, lessons: Lessons, scratch: Path) -> tuple[dict[str, Path], list[str]]:
    """Files of a version by their current paths. Archives are unpacked, and appended numbers are removed.

    The second value are notes about archives that could not be unpacked.
    """
    notes: list[str] = []
    flat: dict[str, Path] = {}
    room = MAX_UNPACKED  # for all archives of the version together
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if is_archive(path):
            try:
                inner = _unpacked(path, name, scratch, room, notes)
                room -= sum(file.stat().st_size for file in inner.values())
                flat |= inner
                continue
            except (ArchiveError, TooMuch) as error:
                notes.append(f"{name!a} {error}; it is kept as it was submitted")
        flat[name] = path
    flat = _without_wrapping(flat, lessons)
    placed: dict[str, Path] = {}
    for name, path in sorted(flat.items(), key=lambda item: _number(item[0], lessons)):
        if not name.startswith("."):  # a hidden file is ours or a tool's
            placed[lessons.place(_bare(name, lessons), part)] = path
    return placed, notes


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


def _bare(name: str, lessons: Lessons) -> str:
    path = PurePosixPath(name)
    match = NUMBERED.fullmatch(path.stem)
    if path.suffix in (".py", ".ipynb") and match and match["stem"] in lessons.modules:
        return path.with_name(match["stem"] + path.suffix).as_posix()
    return name


def _number(name: str, lessons: Lessons) -> tuple[int, str]:
    """Sort key. A higher appended number is a later upload, so it comes last and overwrites the others."""
    path = PurePosixPath(name)
    match = NUMBERED.fullmatch(path.stem)
    known = match is not None and _bare(name, lessons) != name
    return (int(match["number"]) if known and match else 0, name)
