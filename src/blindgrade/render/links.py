"""From a place to what a reader can click: a path that an editor's terminal finds, and a link."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from blindgrade.catalog import LessonFiles
from blindgrade.places import Place
from blindgrade.render.safe import shown


@dataclass(frozen=True)
class Link:
    """A place as text and, where the grader itself knows the file, as a link and as path and line.

    `short` is the text where there is no room for a path.
    """

    text: str
    short: str = ""
    url: str = ""
    path: Path | None = None
    line: int | None = None


class Links:
    """Finds the files that were graded: those that the command line and the catalog name, never what a reply names."""

    def __init__(self, submission: Path, lessons: list[LessonFiles]) -> None:
        self.known = {files.entry.id: _candidates(submission, files) for files in lessons}

    @classmethod
    def none(cls) -> Self:
        """No file is known, so nothing is linked."""
        return cls(Path(), [])

    def of(self, lesson: str, where: Place) -> Link:
        """The link to a place; text alone if it lies in no file that is known."""
        for path in self.known.get(lesson, []) if where.line else []:
            if path.name == where.file and path.is_file():
                return _known(path.resolve(), where)
        return Link(shown(str(where)), shown(str(where)))

    def file(self, lesson: str) -> Link:
        """The lesson's file as a whole, the first that is there; a link without a path if there is none."""
        for path in self.known.get(lesson, []):
            if path.is_file():
                return Link("", "", path.resolve().as_uri(), path.resolve())
        return Link("")


def _candidates(submission: Path, files: LessonFiles) -> list[Path]:
    if not submission.is_dir():
        return [submission] if submission.suffix in (".py", ".ipynb") else []  # an archive's files lie nowhere
    names = [f"{files.module}.py", f"{files.module}.ipynb"]
    folders = [submission / files.folder, submission / "exercises" / files.folder, submission]
    return [folder / name for folder in folders for name in names]


def _known(path: Path, where: Place) -> Link:
    short = shown(str(where))
    if where.cell:
        return Link(short, short, path.as_uri(), path)
    # Relative to the working directory it is what the terminals of editors open; `#line` is what links understand.
    inside = path.is_relative_to(Path.cwd())
    text = f"{os.path.relpath(path) if inside else where.file}:{where.line}"
    return Link(shown(text), short, f"{path.as_uri()}#{where.line}", path, where.line)
