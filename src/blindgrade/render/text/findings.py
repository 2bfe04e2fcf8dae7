"""Findings of a grading: each wrong check with its place, for editors, CI systems and code scanners."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome
from blindgrade.render.links import Link, Links
from blindgrade.render.safe import shown
from blindgrade.render.sentences import begun

LEVELS = {Outcome.FAILED: "error", Outcome.BLOCKED: "warning", Outcome.NOT_ATTEMPTED: "note"}

# The one finding of a lesson whose file could not be read.
FILE_CHECK, FILE_CLAIM = "can_be_read", "The lesson's file can be read."


@dataclass(frozen=True)
class Finding:
    """A check that did not pass. `level` is "error", "warning" or "note". An error of the grader is not a finding."""

    lesson: str
    exercise: ExerciseResult
    check: CheckResult
    level: str
    place: Link

    @property
    def rule(self) -> str:
        """Full name of the check: "lesson-7.2.1/score_from_noise/follows_from_the_noise"."""
        return f"{self.lesson}/{self.exercise.name}/{self.check.name}"

    @property
    def text(self) -> str:
        """Claim, message, relation and hint, in one paragraph."""
        parts = [self.check.claim]
        if self.check.message:
            parts.append(f"{self._seen}.")
        if self.check.compared:
            parts.append(shown(self.check.compared))
        if self.check.hint:
            parts.append(f"{'Diagnosis' if self.check.misconception else 'Hint'}: {self.check.hint}")
        return " ".join(" ".join(parts).split())

    @property
    def _seen(self) -> str:
        if self.check.own:
            return f"{begun(shown(self.check.message))}. Seen: {shown(self.check.own)}"
        return f"Seen: {shown(self.check.message)}"

    @property
    def file(self) -> Path | None:
        """File relative to the working directory, absolute if it is elsewhere; None if it is not known."""
        path = self.place.path
        return Path(os.path.relpath(path)) if path is not None and path.is_relative_to(Path.cwd()) else path


def findings(grading: Grading, links: Links) -> list[Finding]:
    """All findings, in the order of the lessons. An exercise that is not written or is blocked has only one.

    A lesson whose file could not be read has one finding, about the file.
    """
    return [found for attempt in grading.lessons for found in _of(attempt, links)]


def _of(attempt: Attempt, links: Links) -> Iterator[Finding]:
    if attempt.unreadable:
        yield _of_the_file(attempt, links)
        return
    for result in attempt.exercises:
        found = [c for c in result.checks if c.outcome in LEVELS]
        if result.outcome in (Outcome.NOT_ATTEMPTED, Outcome.BLOCKED):
            found = found[:1]  # the others would only repeat it
        for check in found:
            place = links.of(attempt.lesson, check.where) if check.where else links.file(attempt.lesson)
            yield Finding(attempt.lesson, result, check, LEVELS[check.outcome], place)


def _of_the_file(attempt: Attempt, links: Links) -> Finding:
    check = CheckResult(
        name=FILE_CHECK, claim=FILE_CLAIM, public=True, outcome=Outcome.FAILED, message=attempt.unreadable
    )
    result = ExerciseResult(
        name="file", title=FILE_CLAIM, outcome=Outcome.FAILED, points=attempt.points, max_points=attempt.max_points,
        concepts=[], checks=[check],
    )  # fmt: skip
    return Finding(attempt.lesson, result, check, LEVELS[Outcome.FAILED], links.file(attempt.lesson))
