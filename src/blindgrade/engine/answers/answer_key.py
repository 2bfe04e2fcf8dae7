"""Answer key: replies to the public checks, recorded for a public seed: the reference's, and each misconception's.

A student's `grade` reads a key to judge and to name a misconception. The code of solution and misconceptions stays
private. A key is read bit by bit: what passes needs no misconception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from blindgrade.catalog import CourseError
from blindgrade.checks import Check
from blindgrade.engine.answers import packing
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.answers.given import Given, from_lists
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.packing import Packed
from blindgrade.engine.wire.replies import Answer
from blindgrade.lesson_files import LessonFiles

KEY_SEED = 7  # the public seed of every answer key
KEY_SCHEMA = "blindgrade/answer-key/v2"


class KeyReference:
    """Reference that reads recorded replies to the public checks. It needs no solution."""

    kind = "key"

    def __init__(self, files: LessonFiles, checks: LessonChecks, key: dict[str, Any] | None = None) -> None:
        """Without a given key, it is read from the lesson's file. CourseError if that is missing or no key."""
        self.path = files.answer_key
        self.checks = checks
        try:
            self.key = read_key(self.path) if key is None else key
        except FileNotFoundError:
            raise CourseError(
                f"{self.path} is missing; run `course build` in the course that has the solutions"
            ) from None
        self._expected: dict[str, Answer | Keyed | None] = {}
        self._misconceptions: dict[str, Mapping[str, Packed]] = {}
        self._given: dict[str, Given] = {}

    def own(self, check: Check, seed: int) -> Answer | Keyed | None:
        """See `Reference`. A key contains only the recorded replies."""
        return self.expected(check, seed)

    def expected(self, check: Check, seed: int) -> Answer | Keyed | None:
        """See `Reference`. CourseError if the check changed after the key was recorded.

        A reply is unpacked once, because a diagnosis asks for it with each misconception that has none of its own.
        """
        if check.name not in self._expected:
            self._expected[check.name] = self._recorded(check)
        return self._expected[check.name]

    def given(self, check: Check, seed: int) -> Given:
        """See `Reference`. Recorded, too: a key is judged without a solution."""
        if check.name not in self._given:
            self._given[check.name] = recorded_given(self.key["checks"].get(check.name, {}))
        return self._given[check.name]

    def _recorded(self, check: Check) -> Answer | Keyed | None:
        entry = self.key["checks"].get(check.name)
        if entry is None or entry["digest"] != self.checks.slicer.digest([check.name]):
            raise CourseError(
                f"{self.path} is out of date for check {check.name}; run `course build` and commit the result"
            )
        return recorded_reply(check, entry) if check.reference else None

    def hints(self, exercise: str) -> dict[str, str]:
        """See `Reference`. Only of misconceptions that a public check can show."""
        return self._hints.get(exercise, {})

    def of_misconception(self, exercise: str, name: str, check: Check, seed: int) -> Answer | Digest | Keyed | None:
        """See `Reference`. A reply that was not recorded is the reference's own."""
        if check.name not in self._misconceptions:
            self._misconceptions[check.name] = recorded_misconceptions(check, self.key["checks"][check.name])
        found = self._misconceptions[check.name].get(name)
        if found is None:
            return self.expected(check, seed)
        return found if isinstance(found, Answer | Digest) else None

    @property
    def entries(self) -> dict[str, dict[str, str]]:
        """What the key has of each check, by the check's name."""
        return dict(self.key["checks"])

    @property
    def counts(self) -> dict[str, int]:
        """Number of checks of each exercise, hidden ones too."""
        return {str(name): int(count) for name, count in self.key["counts"].items()}

    @cached_property
    def _hints(self) -> dict[str, dict[str, str]]:
        return recorded_hints(self.key)


def read_key(path: Path) -> dict[str, Any]:
    """Content of an answer key. CourseError if the file is not an answer key, FileNotFoundError if it is missing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise CourseError(f"{path} is not valid JSON ({error}); run `course build`") from None
    if data.get("schema") != KEY_SCHEMA:
        raise CourseError(f"{path} is not an answer key of this version; run `course build`")
    return dict(data)


def check_counts(path: Path) -> dict[str, int]:
    """Number of checks of each exercise, hidden ones too, as the key records it; empty if there is no key."""
    try:
        return {name: int(count) for name, count in read_key(path)["counts"].items()}
    except (FileNotFoundError, CourseError):
        return {}


def recorded_reply(check: Check, entry: Mapping[str, str]) -> Answer | Keyed | None:
    """Reply of the reference in one entry of a key; None if the check needs none."""
    found = packing.unpacked(packing.raw(entry["reply"]), packing.salt_of(check)) if entry["reply"] else None
    return found if isinstance(found, Answer | Keyed) else None


def recorded_misconceptions(check: Check, entry: Mapping[str, str]) -> dict[str, Packed]:
    """Replies of misconceptions in one entry of a key, by their names: those that differ from the reference's."""
    if not entry["wrong"]:
        return {}
    shared = packing.raw(entry["reply"]) if entry["reply"] else b""
    return packing.unpacked_all(packing.raw(entry["wrong"], shared), packing.salt_of(check))


def recorded_given(entry: Mapping[str, str]) -> Given:
    """Arguments in one entry of a key, by their digests. Keys of earlier versions have none."""
    text = entry.get("given", "")
    return from_lists(json.loads(packing.raw(text))) if text else {}


def recorded_hints(key: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Hints of the misconceptions that the key has, by exercise and name."""
    found = json.loads(packing.raw(key["hints"]))
    return {str(exercise): {str(name): str(hint) for name, hint in hints.items()} for exercise, hints in found.items()}
