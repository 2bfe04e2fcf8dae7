"""History of a student's own gradings: the last result of each exercise, shown hints, past attempts.

It is stored in a separate folder (`Catalog.local`), and git ignores its files there. A file is written beside its place
and then renamed. A fault here must not stop a grading: a file that cannot be written is skipped, and a file that cannot
be read is treated as missing.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.files import write_whole
from blindgrade.models import Attempt, ExerciseResult

# The same folder holds the record of a release. Colleagues need that record for the next release, so git must keep it.
IGNORE = ".gitignore"
IGNORED = "/*\n!/released.json\n!/base/\n"
HID_ALL = b"*\n"  # earlier versions wrote this, and git left out the record of later releases

MAX_ATTEMPTS = 200  # attempts of one lesson that are kept; the oldest are deleted first


class Kept(BaseModel):
    """Last result of one exercise, its time, and the digest of the submission."""

    result: ExerciseResult
    graded_at: str
    sha256: str


class LessonProgress(BaseModel):
    """Progress of a student in one lesson. `hints` counts the hints of each exercise that were shown."""

    schema_: Literal["blindgrade/progress/v1"] = Field(default="blindgrade/progress/v1", alias="schema")
    results: dict[str, Kept] = {}
    hints: dict[str, int] = {}

    model_config = ConfigDict(populate_by_name=True)

    @property
    def points(self) -> float:
        """Points of all last results together."""
        return sum(kept.result.points for kept in self.results.values())

    @property
    def graded_at(self) -> str:
        """Time of the lesson's last grading; empty if there was none."""
        return max((kept.graded_at for kept in self.results.values()), default="")


class Focus(BaseModel):
    """The exercise that the last screen named as the next one."""

    lesson: str
    exercise: str


class Progress:
    """Reads and writes the folder of the history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lesson(self, lesson: str) -> LessonProgress:
        """Progress in a lesson. It is empty if the lesson was never graded here."""
        try:
            return LessonProgress.model_validate_json(self._file(lesson).read_bytes())
        except (OSError, ValidationError):
            return LessonProgress()

    def attempts(self, lesson: str) -> list[Attempt]:
        """Past attempts at a lesson, of all or some of its exercises, the oldest first."""
        found = []
        for path in self._past(lesson):
            with suppress(OSError, ValidationError):
                found.append(Attempt.model_validate_json(path.read_bytes()))
        return found

    def focus(self) -> Focus | None:
        """The exercise that the last screen named as the next one; None if it is not known."""
        try:
            return Focus.model_validate_json(self._focus.read_bytes())
        except (OSError, ValidationError):
            return None

    def look_at(self, lesson: str, exercise: str) -> bool:
        """Store the exercise that the screen names as the next one. False if the folder cannot be written."""
        now = Focus(lesson=lesson, exercise=exercise)
        try:
            if now != self.focus():
                self._write(self._focus, now.model_dump_json())
        except OSError:
            return False
        return True

    def record(self, attempt: Attempt) -> bool:
        """Store an attempt. False if the folder cannot be written."""
        slim = attempt.model_copy(
            update={"exercises": [r.model_copy(update={"output": ""}) for r in attempt.exercises]}
        )
        now = self.lesson(attempt.lesson)
        for result in slim.exercises:
            now.results[result.name] = Kept(
                result=result, graded_at=attempt.graded_at, sha256=attempt.submission.sha256
            )
        stamp = attempt.graded_at.replace("-", "").replace(":", "")
        try:
            past = self.folder / "attempts" / attempt.lesson / f"{stamp}-{secrets.token_hex(4)}.json"
            self._write(past, slim.model_dump_json(by_alias=True))
            self._save(attempt.lesson, now)
            for old in self._past(attempt.lesson)[:-MAX_ATTEMPTS]:
                old.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def climb(self, lesson: str, exercise: str, step: int) -> bool:
        """Store that the exercise's hints were shown up to `step`. False if the folder cannot be written."""
        now = self.lesson(lesson)
        if now.hints.get(exercise, 0) >= step:
            return True
        now.hints[exercise] = step
        try:
            self._save(lesson, now)
        except OSError:
            return False
        return True

    @property
    def _focus(self) -> Path:
        return self.folder / "focus.json"

    def _file(self, lesson: str) -> Path:
        return self.folder / f"{lesson}.json"

    def _past(self, lesson: str) -> list[Path]:
        # Names begin with the time, so they sort in the order of the attempts.
        return sorted((self.folder / "attempts" / lesson).glob("*.json"))

    def _save(self, lesson: str, progress: LessonProgress) -> None:
        self._write(self._file(lesson), progress.model_dump_json(by_alias=True, indent=1))

    def _write(self, path: Path, text: str) -> None:
        make_hidden(self.folder)
        write_whole(path, text)


def make_hidden(folder: Path) -> None:
    """Make the folder of the history, with the file that hides it from git. OSError if that is not possible."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / IGNORE
    if not ignore.exists() or (ignore.is_file() and ignore.read_bytes() == HID_ALL):
        write_whole(ignore, IGNORED)
