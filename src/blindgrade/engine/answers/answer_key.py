"""Answer key: the reference's replies to the public checks, recorded for a public seed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blindgrade.catalog import CourseError
from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import check_seed
from blindgrade.engine.wire import frames, replies
from blindgrade.engine.wire.replies import Answer
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson

KEY_SEED = 7  # the public seed of every answer key
KEY_SCHEMA = "blindgrade/answer-key/v1"


class KeyReference:
    """Reference that reads recorded replies to the public checks. It needs no solution."""

    kind = "key"

    def __init__(self, files: LessonFiles, checks: LessonChecks) -> None:
        self.path = files.answer_key
        self.checks = checks
        try:
            self.entries: dict[str, dict[str, str]] = read_key(self.path)["checks"]
        except FileNotFoundError:
            raise CourseError(
                f"{self.path} is missing; run `course build` in the course that has the solutions"
            ) from None

    def own(self, check: Check, seed: int) -> Answer | None:
        """See `Reference`. A key contains only the recorded replies."""
        return self.expected(check, seed)

    def expected(self, check: Check, seed: int) -> Answer | None:
        """See `Reference`. CourseError if the check changed after the key was recorded."""
        entry = self.entries.get(check.name)
        if entry is None or entry["digest"] != self.checks.slicer.digest([check.name]):
            raise CourseError(
                f"{self.path} is out of date for check {check.name}; run `course build` and commit the result"
            )
        if not check.reference:
            return None
        return recorded_reply(entry)


def read_key(path: Path) -> dict[str, Any]:
    """Content of an answer key. CourseError if the file is not an answer key, FileNotFoundError if it is missing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise CourseError(f"{path} is not valid JSON ({error}); run `course build`") from None
    if data.get("schema") != KEY_SCHEMA:
        raise CourseError(f"{path} is not an answer key of this version; run `course build`")
    return dict(data)


def recorded_reply(entry: dict[str, str]) -> Answer:
    """Reply in one entry of a key."""
    return replies.read(base64.b64decode(entry["reply"]))


def record_key(files: LessonFiles, lesson: Lesson, expected: Callable[[Check, int], Answer | None]) -> dict[str, Any]:
    """Answer key for the current public checks of the lesson."""
    checks = LessonChecks(files, lesson, files.public_checks)
    entries = {}
    for check in checks.all:
        reply = expected(check, check_seed(KEY_SEED, lesson.id, check))
        frame = frames.encode(replies.sent(reply)) if reply is not None else b""
        entries[check.name] = {
            "digest": checks.slicer.digest([check.name]),
            "reply": base64.b64encode(frame).decode(),
        }
    return {"schema": KEY_SCHEMA, "seed": KEY_SEED, "lesson": lesson.id, "checks": entries}
