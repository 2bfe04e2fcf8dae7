"""The marks' one rule: for every student and lesson the versions that are handed in now, each with its attempt.

What counts follows from what is handed in now and from what judges it now. When it was graded says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.effects import UNDECIDED, Decisions, by_student
from blindgrade.attempts.handed_in import Count, HandedIn, up_to_date
from blindgrade.attempts.reading import AttemptSummary, StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import Catalog, UnknownId
from blindgrade.marks.judged import Judge, One, Read, StudentAttempts
from blindgrade.marks.kept import kept_versions
from blindgrade.marks.looking import Looking, Now
from blindgrade.marks.record import HandedInRecord, Seen, folder_of
from blindgrade.models import Attempt


@dataclass(frozen=True)
class Stale:
    """A mark that is not up to date.

    `folder` is the submitted folder to grade again, and `seen_at` the time of its last run. `reason` says why grading
    does not help; it is empty if it helps. unread: the reason is that the newest files cannot be read.
    """

    student: str
    lesson: str
    folder: Path
    seen_at: str
    reason: str = ""
    unread: bool = False


@dataclass
class LessonMarks(Generic[One]):
    """The versions of each student for one lesson, oldest first, and what is known about them.

    old: students for whom no record says what is handed in. not_there: students whose submission is no longer in its
    folder. nothing: students who are in a folder with no file for this lesson. gone: folders that no longer exist.
    folders: all submitted folders. left_over: students for whom an attempt counts that earlier checks judged, because
    the files are not kept.
    """

    lesson: str
    students: dict[str, list[HandedIn[One]]] = field(default_factory=dict)
    stale: list[Stale] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    not_there: list[str] = field(default_factory=list)
    nothing: list[str] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)
    folders: set[Path] = field(default_factory=set)
    left_over: list[str] = field(default_factory=list)


class Marks:
    """Marks in a folder of attempts. `submitted` is read instead of the folders that `course grade` recorded."""

    def __init__(self, catalog: Catalog, attempts: Path, submitted: Path | None = None) -> None:
        self.catalog = catalog
        self.store = AttemptStore(attempts)
        self.submitted = submitted
        self._looking = Looking(attempts)
        self.decisions = DecisionStore(attempts)
        self.answers: dict[str, LessonMarks[Any]] = {}  # the last answer for each lesson
        self._found: dict[tuple[str, bool], tuple[Judge, Now] | None] = {}

    def of(self, lesson: str, read: Read[One], count: Count, *, history: bool = False) -> LessonMarks[One]:
        """Versions of every student for the lesson. Those that the policy `count` needs are all there.

        With `history`, earlier submissions are there under every policy, as far as their attempts are stored.
        StoreError or CourseError names a damaged file.
        """
        marks: LessonMarks[One] = LessonMarks(lesson)
        judge, now = self._now(lesson, count) or (None, Now())
        for student in sorted({*now.seen, *self.store.students(lesson)}):
            attempts = StudentAttempts(self.store, lesson, student, read)
            seen = now.seen.get(student)
            nothing = seen is not None and seen.absent and not seen.versions
            if judge is not None and seen is not None and not nothing and (seen.versions or seen.problem):
                self._add(marks, attempts, judge, now, count, history)
            elif versions := attempts.by_time():
                marks.students[student] = versions
                (marks.old if seen is None else marks.not_there).append(student)
            elif nothing:
                marks.nothing.append(student)
        folders = {seen.folder for student, seen in now.seen.items() if student in marks.students}
        marks.gone = [self._folder(name) for name in sorted(now.gone & folders)]
        marks.folders = {self._folder(name) for name in folders}
        self.answers[lesson] = marks
        return marks

    def summary(self, lesson: str, student: str, key: str) -> AttemptSummary:
        """Reader for `of`: the fields that the policy needs. StoreError names a damaged file."""
        return self.store.part(AttemptSummary, lesson, student, key)

    def readable_summary(self, lesson: str, student: str, key: str) -> AttemptSummary | None:
        """Reader for `of` that leaves out damaged files."""
        try:
            return self.summary(lesson, student, key)
        except (OSError, StoreError):
            return None

    def whole(self, lesson: str, student: str, key: str) -> Attempt:
        """Reader for `of`: the whole attempt. StoreError names a damaged file."""
        return self.store.part(Attempt, lesson, student, key)

    @cached_property
    def _decided(self) -> dict[str, Decisions]:
        return by_student(self.decisions.in_force())

    def decided(self, student: str) -> Decisions:
        """Decisions in force about the student. StoreError names a damaged one."""
        return self._decided.get(student, UNDECIDED)

    def all_decided(self) -> list[Decisions]:
        """Decisions in force about each student who has some."""
        return list(self._decided.values())

    def decided_students(self) -> list[str]:
        """Students about whom a decision is in force."""
        return sorted(self._decided)

    def _add(
        self, marks: LessonMarks[One], attempts: StudentAttempts[One], judge: Judge, now: Now, count: Count,
        history: bool,
    ) -> None:  # fmt: skip
        """Add a student of whom it is known what is handed in."""
        student, lesson = attempts.student, attempts.lesson
        seen = now.seen[student]
        gone = seen.folder in now.gone
        versions, left_over = _versions(attempts, seen, judge, count, history)
        if gone and not any(one.attempt for one in versions):
            return  # neither a submission nor an attempt is left
        marks.students[student] = versions
        if left_over:
            marks.left_over.append(student)
        if student in now.not_there:
            marks.not_there.append(student)
        if up_to_date(versions, count) is False:
            lost = "its submission is gone" if gone or student in now.not_there else ""
            unread = bool(seen.problem) and not seen.absent
            marks.stale.append(Stale(student, lesson, self._folder(seen.folder), seen.at, seen.problem or lost, unread))

    def _now(self, lesson: str, count: Count) -> tuple[Judge, Now] | None:
        """What judges the lesson and what is handed in; None if no run recorded that, or if it is no lesson now."""
        every = count != "last"
        if (lesson, every) not in self._found:
            self._found[lesson, every] = self._look(lesson, every)
        return self._found[lesson, every]

    def _look(self, lesson: str, every: bool) -> tuple[Judge, Now] | None:
        record = HandedInRecord.read(self.store, lesson)
        if not record.students and self.submitted is None:
            return None
        seed = self.store.drawn_seed(lesson)
        if not record.students and seed is None:
            return None  # without a seed, no attempt here is from `course grade`
        try:
            [target] = self.catalog.find([lesson])
        except UnknownId:
            return None
        with kept_versions(self.catalog) as kept:
            now = self._looking.now(target, record, kept if every else None, self.submitted)
        return Judge(record.course_now(target), seed, record.course), now

    def _folder(self, name: str) -> Path:
        return folder_of(self.store.root, name)


def _versions(
    attempts: StudentAttempts[One], seen: Seen, judge: Judge, count: Count, history: bool
) -> tuple[list[HandedIn[One]], bool]:
    """Versions with their attempts, and whether one that counts was judged by old checks and is not kept."""
    files = seen.versions if count != "last" or seen.complete else seen.versions[-1:]
    versions = [attempts.of(one, judge) for one in files]
    if seen.problem:
        versions.append(HandedIn(None, None, None, False))
    if seen.complete and count != "last":
        return versions, False
    if count == "last" and not history and versions[-1].attempt is not None:
        return versions[-1:], False
    earlier = attempts.not_kept(files, judge)
    old = any(one.attempt is not None and not judge.judged(one.attempt) for one in earlier)
    return [*earlier, *versions], old and count != "last"
