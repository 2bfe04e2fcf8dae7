"""The course as the web needs it: lessons, levels, due dates and decisions. Nothing of it imports torch."""

from __future__ import annotations

import ast
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.effects import UNDECIDED, Decisions, by_student, last_due
from blindgrade.catalog import Catalog, Target
from blindgrade.models import Kind, Level
from blindgrade.policies import feedback_level
from blindgrade.service.policy import SLOT_SECONDS, Capacity, capacity, moment, over_quota, quota_of
from blindgrade.service.queue import Lane
from blindgrade.versions.declared_checks import declared_checks

FRESH_SECONDS = 1.0  # decisions are read again after this time


@dataclass
class Lessons:
    """Lessons of the course, and what instructors decided about their students."""

    catalog: Catalog
    decisions: DecisionStore
    _targets: dict[str, Target] = field(default_factory=dict)
    _checks: dict[str, list[tuple[str, str]] | None] = field(default_factory=dict)
    _decided: dict[str, Decisions] = field(default_factory=dict)
    _read_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._targets = {target.lesson.id: target for target in self.catalog.find(["all"])}

    @property
    def all(self) -> list[Target]:
        """Every lesson that is ready, in the course's order."""
        return list(self._targets.values())

    def find(self, lesson: str) -> Target | None:
        """The lesson with this id; None if there is none, or if it is not ready."""
        return self._targets.get(lesson)

    def decided(self) -> dict[str, Decisions]:
        """Decisions in force, by student, at most a second old. StoreError names a damaged one."""
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_SECONDS or not self._read_at:
                self._decided = by_student(self.decisions.in_force())
                self._read_at = time.monotonic()
            return self._decided

    def due(self, lesson: str, student: str) -> datetime | None:
        """When the student's work is due."""
        own = self.decided().get(student, UNDECIDED)
        return own.due(lesson, self.catalog.course.policy.due.get(lesson))

    def closes(self, lesson: str, student: str) -> datetime | None:
        """Time after which a submission of the student can earn nothing; None if there is none."""
        due, late = self.due(lesson, student), self.catalog.course.policy.late
        return due + timedelta(days=late.days, minutes=late.grace_minutes) if due and late.days is not None else None

    def everybody_done(self, lesson: str) -> datetime | None:
        """Time after which nobody's work for the lesson is in time; None without a due date."""
        return last_due(lesson, self.catalog.course.policy.due.get(lesson), self.decided().values())

    def level(self, lesson: str, now: float) -> Level:
        """What students may read about the lesson now."""
        return feedback_level(lesson, self.catalog.course.policy, moment(now), self.decided().values())

    def is_over(self, lesson: str, now: float) -> bool:
        """Is the time over when anybody may hand in?"""
        last = self.everybody_done(lesson)
        return last is not None and moment(now) > last

    def over_quota(self, lesson: str, earlier: list[float], now: float) -> bool:
        """Has the student used up the quota?"""
        return over_quota(quota_of(self.catalog.course.policy, lesson), earlier, now)

    def beyond(self, lesson: str) -> Level:
        """The most that a student reads beyond the quota."""
        quota = quota_of(self.catalog.course.policy, lesson)
        return quota.beyond if quota is not None else Level.CHECKS

    def capacity(self, lesson: str, level: Level) -> Capacity | None:
        """Bits that a submission can carry out of the hidden checks at this level. None if the checks are not plain."""
        target = self._targets[lesson]
        if lesson not in self._checks:
            tree = ast.parse(target.files.checks.read_text(encoding="utf-8"))
            self._checks[lesson] = declared_checks(target.files, tree)
        found = self._checks[lesson]
        if found is None:
            return None
        own = [[name for owner, name in found if owner == e.name] for e in target.lesson.exercises]
        points = [e.points for e in target.lesson.exercises]
        weights = [[whole / len(names)] * len(names) for whole, names in zip(points, own, strict=True) if names]
        return capacity(level, weights, target.lesson.seconds)

    def lane(self, lesson: str) -> Lane:
        """Lane of the lesson's gradings. A lesson whose trainings may run long must not delay the others."""
        target = self._targets[lesson]
        long = [e for e in target.lesson.exercises if e.kind is Kind.TRAINING and e.seconds > SLOT_SECONDS]
        return Lane.TRAINING if long else Lane.INTERACTIVE
