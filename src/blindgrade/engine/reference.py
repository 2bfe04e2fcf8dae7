"""Where the expected results come from: the live solution, or an answer key recorded for a public seed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from blindgrade.catalog import CourseError, LessonFiles
from blindgrade.checks import Check, derive
from blindgrade.engine import protocol
from blindgrade.engine.judging import judge
from blindgrade.engine.lesson_checks import LessonChecks
from blindgrade.engine.variants import Solution, Variant, read_variants
from blindgrade.engine.worker import LoadedLesson
from blindgrade.models import CheckResult, Lesson

KEY_SEED = 7  # the public seed of every answer key
KEY_SCHEMA = "blindgrade/answer-key/v1"

Reply = dict[str, Any]


def check_seed(seed: int, lesson: str, check: Check) -> int:
    """The seed of one check in an attempt with `seed`."""
    return derive(seed, lesson, check.name)


def observe(checks: LessonChecks, check: Check, module: LoadedLesson, seed: int, device: str = "cpu") -> Reply:
    """Run the check's experiment on a module in this process; the reply is what would cross the wire."""
    reply = checks.experiment(check).run(module, seed, device)
    try:
        value: Reply = protocol.copy(reply)
    except protocol.WireError as error:
        return {"kind": "unsendable", "message": str(error)}
    return value


class Reference(Protocol):
    """Expected results of a lesson's checks."""

    kind: str

    def expected(self, check: Check, seed: int) -> Reply | None:
        """The reference's reply for the check's seed; None if the check needs none."""
        ...

    def own(self, check: Check, seed: int) -> Reply | None:
        """The same also for a check that needs none; None if it cannot be had."""
        ...


def judge_by(reference: Reference, check: Check, student: Reply, seed: int) -> CheckResult:
    """What the check says of the student's reply, by this reference. ReferenceFailed if the course is at fault."""
    expected = reference.expected(check, seed)
    if expected is not None and check.verdict is not None:
        # The result is remembered for other submissions; a verdict that writes into it must not reach theirs.
        expected = protocol.copy(expected)
    return judge(check, student, expected, seed, ask=lambda: reference.own(check, seed))


class LiveReference:
    """The solution, run once for each check and seed and remembered."""

    kind = "live"

    def __init__(self, checks: LessonChecks, solution: Solution, device: str = "cpu") -> None:
        self.checks = checks
        self.solution = solution
        self.device = device
        self._replies: dict[tuple[str, int], Reply] = {}
        self._wrong: dict[tuple[str, str, str, int], Reply] = {}
        self._loaded: dict[tuple[str, str], LoadedLesson] = {}
        self._misconceptions: list[Variant] | None = None

    def expected(self, check: Check, seed: int) -> Reply | None:
        """See `Reference`."""
        return self.own(check, seed) if check.reference else None

    def own(self, check: Check, seed: int) -> Reply:
        """The solution's reply, also for a check that needs none."""
        key = (check.name, seed)
        if key not in self._replies:
            self._replies[key] = observe(self.checks, check, self.solution.module, seed, self.device)
        return self._replies[key]

    def remember(self, check: Check, seed: int, reply: Reply) -> None:
        """Take a reply of the solution that was computed elsewhere, for the same check and seed."""
        self._replies[check.name, seed] = reply

    def of_variant(self, variant: Variant, check: Check, seed: int) -> Reply:
        """What a known wrong answer gives, remembered too: many students share a misconception."""
        key = (variant.exercise, variant.name, check.name, seed)
        if key not in self._wrong:
            if (variant.exercise, variant.name) not in self._loaded:
                self._loaded[variant.exercise, variant.name] = self.solution.variant(variant)
            module = self._loaded[variant.exercise, variant.name]
            self._wrong[key] = observe(self.checks, check, module, seed, self.device)
        return self._wrong[key]

    def misconceptions(self, exercise: str) -> list[Variant]:
        """The exercise's known wrong answers."""
        if self._misconceptions is None:
            path = self.solution.files.misconceptions
            self._misconceptions = read_variants(path, "misconception", self.solution)
        return [v for v in self._misconceptions if v.exercise == exercise]


class KeyReference:
    """The recorded results of the public checks: no solution needed."""

    kind = "key"

    def __init__(self, files: LessonFiles, checks: LessonChecks) -> None:
        self.path = files.answer_key
        self.checks = checks
        try:
            self.entries: dict[str, dict[str, str]] = read_key(self.path)["checks"]
        except FileNotFoundError:
            raise CourseError(f"{self.path} is missing; run `course build` where the solutions are") from None

    def own(self, check: Check, seed: int) -> Reply | None:
        """See `Reference`: a key holds what was recorded and no more."""
        return self.expected(check, seed)

    def expected(self, check: Check, seed: int) -> Reply | None:
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
    """An answer key's content; CourseError if it is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise CourseError(f"{path} is not valid JSON ({error}); run `course build`") from None
    if data.get("schema") != KEY_SCHEMA:
        raise CourseError(f"{path} is not an answer key of this version; run `course build`")
    return dict(data)


def recorded_reply(entry: dict[str, str]) -> Reply:
    """The reply that a key's entry holds."""
    reply: Reply = protocol.unpack(base64.b64decode(entry["reply"]))
    return reply


def record_key(files: LessonFiles, lesson: Lesson, expected: Callable[[Check, int], Reply | None]) -> dict[str, Any]:
    """The answer key for the lesson's public checks file as it stands."""
    checks = LessonChecks(files, lesson, files.public_checks)
    entries = {}
    for check in checks.all:
        reply = expected(check, check_seed(KEY_SEED, lesson.id, check))
        frame = protocol.encode(reply) if reply is not None else b""
        entries[check.name] = {
            "digest": checks.slicer.digest([check.name]),
            "reply": base64.b64encode(frame).decode(),
        }
    return {"schema": KEY_SCHEMA, "seed": KEY_SEED, "lesson": lesson.id, "checks": entries}
