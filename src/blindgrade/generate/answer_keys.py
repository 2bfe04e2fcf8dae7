"""Answer keys of lessons: recorded, and compared with the key on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blindgrade.catalog import CourseError
from blindgrade.checks import Check
from blindgrade.engine.answers import packing
from blindgrade.engine.answers.answer_key import (
    KEY_SCHEMA,
    KEY_SEED,
    read_key,
    recorded_given,
    recorded_hints,
    recorded_misconceptions,
    recorded_reply,
)
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.answers.given import as_lists
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.packing import Packed
from blindgrade.engine.answers.reference import LiveReference, check_seed
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.judging.judging import is_keyed, same
from blindgrade.engine.wire.replies import Answer, Raised, Result
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Kind, Lesson

LARGEST = 300 << 10  # bytes of a key, which every student downloads


def recorded_key(files: LessonFiles, lesson: Lesson, seed: int = KEY_SEED) -> dict[str, Any]:
    """Answer key for the current public checks of the lesson. CourseError if it would be too large.

    Only with the public seed it is a key for students.
    """
    checks = LessonChecks(files, lesson, files.public_checks)
    recorder = _Recorder(lesson, checks, LiveReference(checks, Solution(files, lesson)), seed)
    entries = {check.name: recorder.entry(check) for check in checks.all}
    every = LessonChecks(files, lesson, files.private_checks)
    key = {
        "schema": KEY_SCHEMA,
        "seed": seed,
        "lesson": lesson.id,
        "counts": {exercise.name: len(every.of(exercise.name)) for exercise in lesson.exercises},
        "hints": packing.text(json.dumps(recorder.hints(), ensure_ascii=False).encode()),
        "checks": entries,
    }
    if len(key_text(key)) > LARGEST:
        longest = max(entries, key=lambda name: sum(map(len, entries[name].values())))
        raise CourseError(
            f"{files.answer_key} would have more than {LARGEST >> 10} KB; let check {longest} return less"
        )
    return key


def key_text(key: Mapping[str, Any]) -> str:
    """Text of the file."""
    return json.dumps(key, indent=1, sort_keys=True) + "\n"


class _Recorder:
    """Records replies of the reference and of misconceptions."""

    def __init__(self, lesson: Lesson, checks: LessonChecks, reference: LiveReference, seed: int) -> None:
        self.lesson, self.checks, self.reference, self.seed = lesson, checks, reference, seed
        self._shown: dict[str, set[str]] = {}  # misconceptions that a public check can show, by exercise

    def entry(self, check: Check) -> dict[str, str]:
        """Entry of one check."""
        seed = check_seed(self.seed, self.lesson.id, check)
        own = self.reference.expected(check, seed)
        frame = packing.packed(self._own(check, own)) if own is not None else b""
        wrong = self._wrong(check, seed, own)
        self._shown.setdefault(check.exercise, set()).update(wrong)
        return {
            "digest": self.checks.slicer.digest([check.name]),
            "reply": packing.text(frame) if frame else "",
            "wrong": packing.text(packing.packed_all(wrong), frame) if wrong else "",
            "given": self._given(check, seed, own),
        }

    def _own(self, check: Check, own: Answer) -> Answer | Keyed:
        if not (isinstance(own, Result) and is_keyed(check, own.value)):
            return own
        try:
            return Keyed.of(own.value, packing.salt_of(check))
        except ValueError as error:
            raise CourseError(f"{self.checks.path}: check {check.name} has lookup=True, but {error}") from None

    def _given(self, check: Check, seed: int, own: Answer | None) -> str:
        """Digests of the arguments that the check gives to the code; "" where no reply is compared with them."""
        if check.verdict is not None or not isinstance(own, Result) or is_keyed(check, own.value):
            return ""
        given = as_lists(self.reference.given(check, seed))
        return packing.text(json.dumps(given, sort_keys=True, separators=(",", ":")).encode()) if given else ""

    def _wrong(self, check: Check, seed: int, own: Answer | None) -> dict[str, Packed]:
        """Replies of the misconceptions that differ from the reference's.

        Those of a trained model are left out: another machine trains another one. There the verdict names them.
        """
        exercise = self.lesson.exercise(check.exercise)
        found: dict[str, Packed] = {}
        if exercise.kind is Kind.TRAINING:
            return found
        for name in self.reference.hints(exercise.name):
            reply = self.reference.of_misconception(exercise.name, name, check, seed)
            kept = packing.shortened(reply, packing.salt_of(check))
            if kept is not None and (own is None or not same(check, reply, own)):
                found[name] = kept
        return found

    def hints(self) -> dict[str, dict[str, str]]:
        """Hints of the misconceptions that a public check can show, in the order of the course."""
        found: dict[str, dict[str, str]] = {}
        for exercise in self.lesson.exercises:
            every = self.reference.hints(exercise.name)
            trained = exercise.kind is Kind.TRAINING
            shown = set(every) if trained else self._shown.get(exercise.name, set())
            found[exercise.name] = {name: hint for name, hint in every.items() if name in shown}
        return found


def is_current(files: LessonFiles, lesson: Lesson, fresh: Mapping[str, Any]) -> bool:
    """Whether the key on disk is up to date. Its numbers may differ from a fresh key's within tolerance."""
    try:
        old = read_key(files.answer_key)
        if old.keys() != fresh.keys() or old["checks"].keys() != fresh["checks"].keys():
            return False
        if old["counts"] != fresh["counts"] or _ordered(recorded_hints(old)) != _ordered(recorded_hints(fresh)):
            return False
        checks = LessonChecks(files, lesson, files.public_checks)
        return all(_same_entry(check, old["checks"][check.name], fresh["checks"][check.name]) for check in checks.all)
    except (FileNotFoundError, CourseError, ValueError, KeyError):
        return False


def _ordered(hints: dict[str, dict[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(exercise, list(by_name.items())) for exercise, by_name in hints.items()]


def _same_entry(check: Check, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    if one == other:
        return True
    if one["digest"] != other["digest"] or bool(one["reply"]) != bool(other["reply"]):
        return False
    if set(recorded_given(one).values()) != set(recorded_given(other).values()):
        return False
    old, new = recorded_misconceptions(check, one), recorded_misconceptions(check, other)
    if list(old) != list(new) or not all(_alike(check, old[name], new[name]) for name in old):
        return False
    return _alike(check, recorded_reply(check, one), recorded_reply(check, other))


def _alike(check: Check, one: Packed | None, other: Packed | None) -> bool:
    if isinstance(one, Result) and isinstance(other, Result):
        return same(check, one, other)
    if isinstance(one, Raised) and isinstance(other, Raised):
        return one.type == other.type
    return one == other if isinstance(one, Digest | Keyed) or one is None else False
