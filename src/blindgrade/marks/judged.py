"""The attempts of a student at a lesson, found by the version that they judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from blindgrade.attempts.current import AnyAttempt, newest_gradings
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.clock import instant
from blindgrade.marks.record import SeenVersion
from blindgrade.marks.same import distinct, same
from blindgrade.versions.course_version import attempt_key

One = TypeVar("One", bound=AnyAttempt)
Read = Callable[[str, str, str], One | None]  # the attempt of a lesson, student and key; None if it is left out


@dataclass(frozen=True)
class Judge:
    """What judges a lesson now: the version of the course, and the seed. No seed was drawn before the first grading.

    `last_run` is the version of the course in the last run. Its attempts were in force until the course changed.
    """

    course: str
    seed: RunSeed | None
    last_run: str = ""

    def judged(self, attempt: AnyAttempt) -> bool:
        """Was the attempt judged by this?"""
        return attempt.course == self.course and self.seed is not None and attempt.seed == self.seed.seed

    def order(self, attempt: AnyAttempt) -> tuple[bool, bool, datetime, str]:
        """Sort key: attempts under the present checks come last, before them those of the last run, then newer ones."""
        of_last_run = bool(self.last_run) and attempt.course == self.last_run
        return self.judged(attempt), of_last_run, instant(attempt.graded_at), attempt.key


@dataclass
class StudentAttempts(Generic[One]):
    """Stored attempts of one student at one lesson, read when they are needed, each once."""

    store: AttemptStore
    lesson: str
    student: str
    read: Read[One]
    _kept: dict[str, One | None] = field(default_factory=dict)
    _keys: list[str] | None = None

    def one(self, key: str) -> One | None:
        """Attempt with this key; None if there is none, or if it is left out."""
        if key not in self._kept:
            there = self.store.path(self.lesson, self.student, key).is_file()
            self._kept[key] = self.read(self.lesson, self.student, key) if there else None
        return self._kept[key]

    def all(self) -> list[One]:
        """Every attempt, in the order in which they were graded."""
        if self._keys is None:
            self._keys = self.store.keys(self.lesson, self.student)
        found = [attempt for key in self._keys if (attempt := self.one(key)) is not None]
        return sorted(found, key=lambda one: (instant(one.graded_at), one.key))

    def by_time(self) -> list[HandedIn[One]]:
        """Newest grading of each submission: the rule for attempts of which no record says what is handed in."""
        return [HandedIn(one, one.submitted_at, None, None) for one in newest_gradings(self.all())]

    def of(self, version: SeenVersion, judge: Judge) -> HandedIn[One]:
        """The version with its attempt under the present checks; else with the last one, and not up to date."""
        attempt, now = self._attempt(version, judge)
        return HandedIn(attempt, version.submitted_at, version.late, now)

    def _attempt(self, version: SeenVersion, judge: Judge) -> tuple[One | None, bool]:
        if judge.seed is not None:
            key = attempt_key(version.sha256, version.submitted_at, judge.course, judge.seed.id)
            if (found := self.one(key)) is not None:
                return found, True
        files = [one for one in self.all() if one.submission.sha256 == version.sha256]
        at = instant(version.submitted_at)
        for one in reversed(files):  # the time may be spelled in another way
            if judge.judged(one) and instant(one.submitted_at) == at:
                return one, True
        return max(files, key=judge.order, default=None), False

    def not_kept(self, versions: Sequence[SeenVersion], judge: Judge) -> list[HandedIn[One]]:
        """Submissions of which only attempts are left, in the order of their times, else of their first gradings.

        Each has its attempt under the present checks, else the newest one.
        """
        groups: list[list[One]] = []
        for attempt in self.all():
            group = next((g for g in groups if _identity(g[0]) == _identity(attempt)), None)
            groups.append([attempt]) if group is None else group.append(attempt)
        groups.sort(key=lambda group: (instant(group[0].submitted_at), instant(group[0].graded_at), group[0].key))
        seen = [(one.sha256, one.submitted_at) for one in versions]
        groups = [g for g in groups if not any(same((g[0].submission.sha256, g[0].submitted_at), s) for s in seen)]
        found = []
        for group in distinct(groups, lambda group: (group[0].submission.sha256, group[0].submitted_at)):
            best = max(group, key=judge.order)
            found.append(HandedIn(best, best.submitted_at))
        return found


def _identity(attempt: AnyAttempt) -> tuple[str, object]:
    return attempt.submission.sha256, instant(attempt.submitted_at)
