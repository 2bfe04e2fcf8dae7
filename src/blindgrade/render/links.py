"""From a check's `where` to what a reader can click: a path that an editor's terminal finds, and a link."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from blindgrade.catalog import LessonFiles
from blindgrade.render.safe import shown

LINE = re.compile(r"(?P<file>[^\n]*):(?P<line>\d{1,9})")
CELL = re.compile(r"cell \d{1,9}, line \d{1,9} of (?P<file>[^\n]*)")


@dataclass(frozen=True)
class Place:
    """A place as text and, where the grader itself knows the file, as a link and as path and line.

    `short` is the text where there is no room for a path.
    """

    text: str
    short: str = ""
    url: str = ""
    path: Path | None = None
    line: int | None = None


class Places:
    """Finds the files that were graded: those that the command line and the catalog name, never what a reply names."""

    def __init__(self, submission: Path, lessons: list[LessonFiles]) -> None:
        self.known = {files.entry.id: _candidates(submission, files) for files in lessons}

    @classmethod
    def none(cls) -> Self:
        """No file is known, so nothing is linked."""
        return cls(Path(), [])

    def of(self, lesson: str, where: str) -> Place:
        """The place that `where` means; without a link if it lies in no file that is known."""
        match = LINE.fullmatch(where) or CELL.fullmatch(where)
        for path in self.known.get(lesson, []) if match else []:
            assert match is not None
            if path.name == match["file"] and path.is_file():
                return _known(path.resolve(), where, match)
        return Place(shown(where), shown(where))

    def file(self, lesson: str) -> Place:
        """The lesson's file as a whole, the first that is there; a place without a path if there is none."""
        for path in self.known.get(lesson, []):
            if path.is_file():
                return Place("", "", path.resolve().as_uri(), path.resolve())
        return Place("")


def _candidates(submission: Path, files: LessonFiles) -> list[Path]:
    if not submission.is_dir():
        return [submission] if submission.suffix in (".py", ".ipynb") else []  # an archive's files lie nowhere
    names = [f"{files.module}.py", f"{files.module}.ipynb"]
    folders = [submission / files.folder, submission / "exercises" / files.folder, submission]
    return [folder / name for folder in folders for name in names]


def _known(path: Path, where: str, match: re.Match[str]) -> Place:
    if match.re is CELL:
        return Place(shown(where), shown(where), path.as_uri(), path)
    line = int(match["line"])
    # Relative to the working directory it is what the terminals of editors open; `#line` is what links understand.
    inside = path.is_relative_to(Path.cwd())
    text = f"{os.path.relpath(path) if inside else where.rpartition(':')[0]}:{line}"
    return Place(shown(text), shown(where), f"{path.as_uri()}#{line}", path, line)
