"""Links from the page to a student's attempt and code, relative to the page, so that a course can be moved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.cohort_report.records import Record
from blindgrade.lesson_files import LessonFiles
from blindgrade.marks.marks import Marks
from blindgrade.marks.record import HandedInRecord, folder_of
from blindgrade.render.links import Links


@dataclass(frozen=True)
class Work:
    """One student's work for a lesson: paths of the attempt and of the code from the page. "" if there is no file."""

    lesson: str
    attempt: str = ""
    code: str = ""


@dataclass
class WorkLinks:
    """Finds the files. Without `marks` nothing is found. `submitted` is used instead of the recorded folders."""

    page: Path = Path()
    marks: Marks | None = None
    submitted: Path | None = None
    files: dict[str, LessonFiles] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    _found: dict[tuple[str, str], Work] = field(default_factory=dict)  # cards and tables ask for the same work

    @classmethod
    def to(
        cls, page: Path, marks: Marks, submitted: Path | None, targets: Sequence[Target],
        records: dict[str, list[Record]],
    ) -> WorkLinks:  # fmt: skip
        """Links from this page. `records` are by lesson."""
        keys = {(lesson, record.student): record.last.key for lesson, group in records.items() for record in group}
        return cls(page, marks, submitted, {t.lesson.id: t.files for t in targets}, keys)

    def of(self, lesson: str, student: str) -> Work:
        """Newest attempt of the student at the lesson, and the file that is handed in now."""
        if self.marks is None:
            return Work(lesson)
        if (lesson, student) not in self._found:
            self._found[lesson, student] = self._find(self.marks, lesson, student)
        return self._found[lesson, student]

    def _find(self, marks: Marks, lesson: str, student: str) -> Work:
        key = self.keys.get((lesson, student))
        attempt = marks.store.path(lesson, student, key) if key else None
        return Work(lesson, self._relative(attempt), self._relative(self._code(lesson, student)))

    def _code(self, lesson: str, student: str) -> Path | None:
        """The lesson's file; the whole submission if the file has another name or is in an archive."""
        assert self.marks is not None
        seen = self._handed_in[lesson].students.get(student)
        folder = self.submitted or (folder_of(self.marks.store.root, seen.folder) if seen else None)
        if folder is None:
            return None
        current = [Path(one.path).name for one in seen.versions if one.path and not one.kept] if seen else []
        submission = folder / (current[-1] if current else student)
        return Links(submission, [self.files[lesson]]).file(lesson).path or submission

    @cached_property
    def _handed_in(self) -> dict[str, HandedInRecord]:
        assert self.marks is not None
        return {lesson: HandedInRecord.read(self.marks.store, lesson) for lesson in self.files}

    def _relative(self, path: Path | None) -> str:
        if path is None or not path.exists():
            return ""
        return Path(os.path.relpath(path.resolve(), self.page.resolve().parent)).as_posix()


NO_LINKS = WorkLinks()
