"""What a student's own gradings leave behind: the last result of each exercise, hints used, past attempts.

It lies in a folder of its own (`Catalog.local`), which ignores itself in git. Files are written beside their place and
renamed into it. Nothing here may stop a grading: what cannot be written is not remembered, what cannot be read was
never there.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blindgrade.files import write_whole
from blindgrade.models import Attempt, ExerciseResult

MAX_ATTEMPTS = 200  # of one lesson that are kept; the oldest go first


class Kept(BaseModel):
    """The last result of one exercise: when it was, and the digest of the submission that it was of."""

    result: ExerciseResult
    graded_at: str
    sha256: str


class LessonProgress(BaseModel):
    """How far a student is in one lesson; `hints` counts the steps of each exercise's ladder that were shown."""

    schema_: Literal["blindgrade/progress/v1"] = Field(default="blindgrade/progress/v1", alias="schema")
    results: dict[str, Kept] = {}
    hints: dict[str, int] = {}

    model_config = ConfigDict(populate_by_name=True)

    @property
    def points(self) -> float:
        """Points of the last results together."""
        return sum(kept.result.points for kept in self.results.values())

    @property
    def graded_at(self) -> str:
        """When the lesson was graded last; empty if never."""
        return max((kept.graded_at for kept in self.results.values()), default="")


class Focus(BaseModel):
    """The exercise that the last screen told the student to work on."""

    lesson: str
    exercise: str


class Progress:
    """Reads and writes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lesson(self, lesson: str) -> LessonProgress:
        """What is known of a lesson: nothing, if it was never graded here."""
        try:
            return LessonProgress.model_validate_json(self._file(lesson).read_bytes())
        except (OSError, ValidationError):
            return LessonProgress()

    def attempts(self, lesson: str) -> list[Attempt]:
        """Past attempts at a lesson, of all or of some of its exercises, the oldest first."""
        found = []
        for path in self._past(lesson):
            with suppress(OSError, ValidationError):
                found.append(Attempt.model_validate_json(path.read_bytes()))
        return found

    def focus(self) -> Focus | None:
        """What the student was told to do last; None if nothing is known."""
        try:
            return Focus.model_validate_json(self._focus.read_bytes())
        except (OSError, ValidationError):
            return None

    def look_at(self, lesson: str, exercise: str) -> bool:
        """Remember what the screen tells the student to do; False if the folder cannot be written."""
        now = Focus(lesson=lesson, exercise=exercise)
        try:
            if now != self.focus():
                self._write(self._focus, now.model_dump_json())
        except OSError:
            return False
        return True

    def record(self, attempt: Attempt) -> bool:
        """Remember an attempt; False if the folder cannot be written."""
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
        """Remember that the exercise's hints were shown up to `step`; False if the folder cannot be written."""
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
        # Names begin with the time, so their order is the attempts'.
        return sorted((self.folder / "attempts" / lesson).glob("*.json"))

    def _save(self, lesson: str, progress: LessonProgress) -> None:
        self._write(self._file(lesson), progress.model_dump_json(by_alias=True, indent=1))

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        write_whole(path, text)
