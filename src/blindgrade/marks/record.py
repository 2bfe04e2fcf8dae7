"""`attempts/<lesson>/.handed-in.json`: for each student, the folder that was graded and the versions that it held.

`course grade` writes it before the first attempt of a run, and again at the end. The record says only what was handed
in and where, and never which attempt counts. So a record that is too old, or of a killed run, names no wrong mark: the
commands that show marks compare it with the folder and look up the attempts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.versions.course_version import course_version, lesson_files

NAME = "handed-in.json"


class SeenVersion(BaseModel):
    """One version: the digest of its files for this lesson, and its time with the late marker.

    `kept` is its folder in `.versions/`; it is empty for the current files. `path` is the submission.
    """

    sha256: str
    submitted_at: str | None = None
    late: bool | None = None
    kept: str = ""
    path: str = ""


class Seen(BaseModel):
    """What one student had handed in, oldest first. The last version is that of the current files.

    folder: the submitted folder, as `named_from` gives it. at: when it was read for a run of `course grade`.
    complete: `versions` are all versions, and no others count. If not, only the current files were read.
    signature: of the files that were read; empty if they were too new to be sure of it.
    problem: why the current files cannot be graded; `versions` then has only kept ones. absent: the lesson has no file.
    """

    folder: str
    at: str = ""
    versions: list[SeenVersion] = []
    complete: bool = False
    signature: str = ""
    problem: str = ""
    absent: bool = False


class HandedInRecord(BaseModel):
    """Content of the file.

    `course` is the version of the course in the last run, and `files` the digest of the files that it was made from.
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["blindgrade/handed-in/v1"] = Field(default="blindgrade/handed-in/v1", alias="schema")
    course: str = ""
    files: str = ""
    students: dict[str, Seen] = {}

    @classmethod
    def read(cls, store: AttemptStore, lesson: str) -> Self:
        """Record of the lesson; an empty one if there is none. StoreError if it is damaged."""
        content = store.blob(lesson, NAME)
        if content is None:
            return cls()
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            path = store.root / lesson / f".{NAME}"
            raise StoreError(f"{path} is damaged; delete it and run `course grade` again") from None

    def course_now(self, target: Target) -> str:
        """Version of the course as it is now. While the files are those of the last run, it is that run's version."""
        files = lesson_files(target)
        return self.course if self.course and self.files == files else course_version(target).digest

    def note_course(self, target: Target) -> None:
        """Note the version of the course as it is now. If its files change at this moment, note none."""
        files = lesson_files(target)
        if self.course and self.files == files:
            return
        try:
            [fresh] = Catalog(target.files.root).find([target.lesson.id])  # `target` may be older than the files
            course = course_version(fresh).digest
        except (CourseError, UnknownId):
            course = ""
        self.course, self.files = (course, files) if lesson_files(target) == files else ("", "")

    def write(self, store: AttemptStore, lesson: str) -> None:
        """Store the record, whole or not at all. StoreError if it cannot be written."""
        try:
            store.keep_blob(lesson, NAME, (self.model_dump_json(by_alias=True, indent=1) + "\n").encode("utf-8"))
        except OSError as error:
            path = store.root / lesson / f".{NAME}"
            text = f"{path} cannot be written ({error.strerror}); free some disk space, or name another --attempts"
            raise StoreError(text) from None


def named_from(attempts: Path, folder: Path) -> str:
    """Name of a submitted folder in the record: relative to the attempts' parent if it is below that, else absolute.

    So a course can be moved together with its submissions.
    """
    there, home = folder.resolve(), attempts.resolve().parent
    return os.path.relpath(there, home) if there.is_relative_to(home) else str(there)


def folder_of(attempts: Path, name: str) -> Path:
    """Inverse of `named_from`."""
    return attempts.resolve().parent / name
