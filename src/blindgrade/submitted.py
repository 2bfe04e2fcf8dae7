"""The folder `submitted/`: an entry for each student, and `.collected.json` with the times of submission.

`course collect` writes the index beside the students' folders, and a record into each folder. Grading reads only the
index, because the student may have written any file in the student's folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from blindgrade.engine.submission import archives
from blindgrade.engine.submission.file_names import stem_of, suffix_of

COLLECTED = ".collected.json"
MAX_COLLECTED = 64 << 20
NO_ENTRY = "is no folder, Python file, notebook or archive of a student"
STUDENT = re.compile(r"[^\x00-\x1f/]{1,200}")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _entries(value: Any) -> dict[str, Any]:
    """Mapping of entries. A value that is no entry is read as an empty entry."""
    if not isinstance(value, dict):
        return {}
    return {str(name): entry if isinstance(entry, dict | BaseModel) else {} for name, entry in value.items()}


Time = Annotated[str | None, BeforeValidator(_text)]


class CollectedLesson(BaseModel):
    """Time of the current files of one lesson. `folder` is the version that they are from."""

    submitted_at: Time = None
    late: Any = None
    folder: str | None = None


class CollectedStudent(BaseModel):
    """Time and digest of a student's newest version, and the time of each lesson, by the lesson's id."""

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
        """Index of a folder; an empty one if the file is missing or cannot be read."""
        path = folder / COLLECTED
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_COLLECTED:
                return cls()
            return cls.model_validate(json.loads(path.read_bytes()))
        except (OSError, ValueError, RecursionError):
            return cls()


class Version(BaseModel):
    """One version as the student submitted it. `clock` is the source of its time, `folder` its name in `.versions/`."""

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
        """Sort key by time. A version without a time has the time of its download."""
        return self.submitted_at or self.downloaded_at, self.collected_at


class CollectedRecord(BaseModel):
    """`submitted/<student>/.collected.json`: every version, and the versions that the current files are from.

    `lessons` are by the lesson's folder, as the files are.
    """

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
        """Record in a file. FileNotFoundError without a file, ValueError if it is damaged or of another program."""
        return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))

    def in_short(self, ids: Mapping[str, str]) -> CollectedStudent:
        """The student's entry in the index. `ids` are the lessons' ids by folder: the record names folders."""
        lessons = {ids.get(folder, folder): lesson for folder, lesson in self.lessons.items()}
        return CollectedStudent(submitted_at=self.submitted_at, late=self.late, digest=self.digest, lessons=lessons)


def _as_json(model: BaseModel) -> str:
    # A file name need not be valid Unicode, and pydantic's own writer refuses such a name.
    return json.dumps(model.model_dump(by_alias=True), indent=1) + "\n"


class NoSubmissions(Exception):
    """There are no submissions. The message says what to name."""


@dataclass(frozen=True)
class SubmittedWork:
    """One student's submission. `submitted_at` is the time that `course collect` stored, or None.

    `lessons` has the time of each lesson that `course collect` stored.
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
    """A submission that was not graded, with the reason."""

    student: str
    reason: str
    lesson: str = ""


def read_submitted(folder: Path) -> tuple[list[SubmittedWork], list[Skipped]]:
    """Submissions in a folder, sorted by student, and the entries that are skipped. NoSubmissions if it has neither."""
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
            unknown = archives.unknown_archive(path.name)
            reason = f"cannot be opened: {unknown}" if unknown else NO_ENTRY
            skipped.append(Skipped(path.name, reason))
        elif path.is_symlink():
            skipped.append(Skipped(student, f"{path.name} is a symbolic link; replace it with the submission itself"))
        elif student in found:
            both = f"{found[student].path.name} and {path.name}"
            skipped.append(Skipped(student, f"{both} both exist, and only the first was graded; keep one"))
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
        packed = [s for s in archives.SUFFIXES if name.lower().endswith(s)]
        if packed:
            name = name[: -max(map(len, packed))]
        elif suffix_of(name):
            name = stem_of(name)
        elif not path.is_dir():
            return None
    elif not path.is_dir():
        return None  # a pipe, a device
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return name if STUDENT.fullmatch(name) and name.isprintable() else None
