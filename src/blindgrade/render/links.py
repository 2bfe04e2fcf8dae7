"""Links from a place to a file: a path that an editor's terminal finds, and a URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from blindgrade.lesson_files import LessonFiles
from blindgrade.places import Place
from blindgrade.render.safe import shown


@dataclass(frozen=True)
class Link:
    """Place as text and, if the grader itself knows the file, as a URL and as path and line.

    `short` is the text without a path, for narrow columns.
    """

    text: str
    short: str = ""
    url: str = ""
    path: Path | None = None
    line: int | None = None


class Links:
    """Finds the files that were graded. The command line and the catalog name them, never a worker's reply."""

    def __init__(self, submission: Path, lessons: list[LessonFiles]) -> None:
        self.known = {files.entry.id: _candidates(submission, files) for files in lessons}

    @classmethod
    def none(cls) -> Self:
        """Links without any known file. Nothing is linked."""
        return cls(Path(), [])

    def of(self, lesson: str, where: Place) -> Link:
        """Link to a place. Text alone if the place is in no known file."""
        for path in self.known.get(lesson, []) if where.line else []:
            if path.name == where.file and path.is_file():
                return _known(path.resolve(), where)
        return Link(shown(str(where)), shown(str(where)))

    def file(self, lesson: str) -> Link:
        """Link to the lesson's first file that exists. A link without a path if there is none."""
        for path in self.known.get(lesson, []):
            if path.is_file():
                return Link("", "", path.resolve().as_uri(), path.resolve())
        return Link("")


def _candidates(submission: Path, files: LessonFiles) -> list[Path]:
    if not submission.is_dir():
        return [submission] if submission.suffix in (".py", ".ipynb") else []  # an archive's files are not on the disk
    names = [f"{files.module}.py", f"{files.module}.ipynb"]
    folders = [submission / files.folder, submission / "exercises" / files.folder, submission]
    return [folder / name for folder in folders for name in names]


def _known(path: Path, where: Place) -> Link:
    short = shown(str(where))
    if where.cell:
        return Link(short, short, path.as_uri(), path)
    # Terminals of editors open a path that is relative to the working directory. Links understand `#line`.
    inside = path.is_relative_to(Path.cwd())
    text = f"{os.path.relpath(path) if inside else where.file}:{where.line}"
    return Link(shown(text), short, f"{path.as_uri()}#{where.line}", path, where.line)
