"""The folder `submitted/`: an entry for each student, and `.collected.json`, which says when each came.

`course collect` writes the index beside the students' folders, and a record into each folder. Grading reads the index
alone: what is in a student's folder, the student could have written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from blindgrade.engine.submission import archives

COLLECTED = ".collected.json"
MAX_COLLECTED = 64 << 20
FILES = (".py", ".ipynb")
STUDENT = re.compile(r"[^\x00-\x1f/]{1,200}")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _entries(value: Any) -> dict[str, Any]:
    """A mapping of entries; whatever is no entry counts as an empty one."""
    if not isinstance(value, dict):
        return {}
    return {str(name): entry if isinstance(entry, dict) else {} for name, entry in value.items()}


Time = Annotated[str | None, BeforeValidator(_text)]


class CollectedLesson(BaseModel):
    """When the current files of one lesson came. `folder` is the version that they are from."""

    submitted_at: Time = None
    late: Any = None
    folder: str | None = None


class CollectedStudent(BaseModel):
    """When a student's newest version came, its digest, and the same of each lesson."""

    submitted_at: Time = None
    late: Any = None
    digest: Any = None
    lessons: Annotated[dict[str, CollectedLesson], BeforeValidator(_entries)] = {}


class CollectedIndex(BaseModel):
    """`submitted/.collected.json`."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Any = Field(default="blindgrade/collected-index/v1", alias="schema")
    students: Annotated[dict[str, CollectedStudent], BeforeValidator(_entries)] = {}

    def to_json(self) -> str:
        """Content of the file."""
        return _as_json(self)

    @classmethod
    def read(cls, folder: Path) -> CollectedIndex:
        """The index of a folder; an empty one if there is none that can be read."""
        path = folder / COLLECTED
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_COLLECTED:
                return cls()
            return cls.model_validate(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return cls()


class Version(BaseModel):
    """One version as it was handed in. `clock` says who gave its time; `folder` is its place in `.versions/`."""

    folder: str
    submitted_at: str | None
    clock: str
    downloaded_at: str
    collected_at: str
    late: bool
    source: str
    label: str
    part: str
    digest: str
    notes: list[str]

    @property
    def order(self) -> tuple[str, str]:
        """Order in time. Without a time of its own, a version is as old as the download that it came in."""
        return self.submitted_at or self.downloaded_at, self.collected_at


class CollectedRecord(BaseModel):
    """`submitted/<student>/.collected.json`: every version, and which of them the current files are from."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["blindgrade/collected/v1"] = Field(default="blindgrade/collected/v1", alias="schema")
    student: str
    versions: list[Version] = []
    submitted_at: str | None = None
    source: str = ""
    digest: str = ""
    late: bool = False
    files: str = ""
    lessons: dict[str, CollectedLesson] = {}
    notes: list[str] = []

    def to_json(self) -> str:
        """Content of the file."""
        return _as_json(self)

    @classmethod
    def read(cls, path: Path) -> CollectedRecord:
        """The record in a file. FileNotFoundError without a file, ValueError if it is damaged or another program's."""
        return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))

    def in_short(self) -> CollectedStudent:
        """The student's entry in the index."""
        return CollectedStudent(
            submitted_at=self.submitted_at, late=self.late, digest=self.digest, lessons=self.lessons
        )


def _as_json(model: BaseModel) -> str:
    # Names of files need not be Unicode, and pydantic's own writer refuses those that are not.
    return json.dumps(model.model_dump(by_alias=True), indent=1) + "\n"


class NoSubmissions(Exception):
    """There is no folder of submissions; the message says what to name."""


@dataclass(frozen=True)
class SubmittedWork:
    """One student's submission. `submitted_at` is the collected time, None where nobody stored one.

    `lessons` has the times of lessons whose files came at another time than the newest.
    """

    student: str
    path: Path
    submitted_at: str | None = None
    lessons: dict[str, str | None] = field(default_factory=dict)

    def at(self, lesson: str) -> str | None:
        """Time of this lesson's files."""
        return self.lessons.get(lesson, self.submitted_at)


@dataclass(frozen=True)
class Skipped:
    """A submission that was not graded, and why."""

    student: str
    reason: str
    lesson: str = ""


def read_submitted(folder: Path) -> tuple[list[SubmittedWork], list[Skipped]]:
    """The submissions in a folder, by student, and what lies there and is none."""
    if not folder.is_dir():
        raise NoSubmissions(f"{folder} is no folder; name the one that holds a submission for each student")
    times = CollectedIndex.read(folder).students
    found: dict[str, SubmittedWork] = {}
    skipped: list[Skipped] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        student = _student(path)
        if student is None:
            skipped.append(Skipped(path.name, "is no folder, Python file, notebook or archive of a student"))
        elif path.is_symlink():
            skipped.append(Skipped(student, f"{path.name} is a symbolic link; put the submission itself in its place"))
        elif student in found:
            both = f"{found[student].path.name} and {path.name}"
            skipped.append(Skipped(student, f"{both} are both there, and the first was graded; keep one"))
        else:
            entry = times.get(student, CollectedStudent())
            lessons = {lesson: one.submitted_at for lesson, one in entry.lessons.items()}
            found[student] = SubmittedWork(student, path, entry.submitted_at, lessons)
    if not found and not skipped:
        raise NoSubmissions(f"{folder} is empty; put a submission for each student into it")
    return list(found.values()), skipped


def _student(path: Path) -> str | None:
    name = path.name
    if path.is_file() or path.is_symlink():
        suffixes = [s for s in (*FILES, *archives.SUFFIXES) if name.lower().endswith(s)]
        if not suffixes and not path.is_dir():
            return None
        name = name[: len(name) - max((len(s) for s in suffixes), default=0)]
    elif not path.is_dir():
        return None  # a pipe, a device
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return name if STUDENT.fullmatch(name) and name.isprintable() else None
