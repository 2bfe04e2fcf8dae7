"""Students who need help: why, where they are below the class, what they misunderstand, and which lessons to open."""

from __future__ import annotations

import statistics as plain
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from blindgrade.cohort_report.mastery import Mastery, Weak, weakest
from blindgrade.cohort_report.misunderstandings import Held
from blindgrade.cohort_report.records import Record
from blindgrade.models import Lesson

LOW = 0.4  # share of all points; a student with less needs help
FALL = 0.35  # share of points that a student lost against the earlier lessons, beyond what the class lost
STUCK = 3  # submissions in a row without more points, by a student without all points
RECENT = 2  # last lessons to look at; the points show earlier problems, and nobody can fix those now
OPENED = 3  # lessons whose attempt and code are linked

Excused = Set[tuple[str, str]]  # student and lesson
Shares = dict[str, dict[str, float]]  # lesson -> student -> share of the points


@dataclass(frozen=True)
class Needs:
    """A student who needs help: the share of all points, and the reasons.

    weakest: concepts in which the student is far below the class. holds: misconceptions of the newest submissions.
    lessons: those to open first, by the student's share of their points.
    """

    student: str
    share: float
    reasons: list[str]
    weakest: list[Weak]
    holds: list[Held] = field(default_factory=list)
    lessons: list[str] = field(default_factory=list)


def needs_of(
    records: Mapping[str, Sequence[Record]],
    lessons: Sequence[Lesson],
    mastery: Sequence[Mastery],
    held: Sequence[Held],
    excused: Excused,
) -> list[Needs]:
    """Students who need help, the most urgent first.

    A lesson whose file never loaded does not count for its student: its 0 points say nothing about what the student
    can do.
    """
    given = [lesson for lesson in lessons if records.get(lesson.id)]
    shares: Shares = {x.id: {r.student: r.points / x.max_points for r in records[x.id] if not r.unread} for x in given}
    unread = {(r.student, x.id) for x in given for r in records[x.id] if r.unread}
    by_student: dict[str, dict[str, Record]] = {}
    for lesson in given:
        for record in records[lesson.id]:
            by_student.setdefault(record.student, {})[lesson.id] = record
    found = []
    for student, own in sorted(by_student.items()):
        counted = [x for x in given if (student, x.id) not in excused and (student, x.id) not in unread]
        if not counted:
            continue
        worth = sum(x.max_points for x in counted)
        share = sum(shares[x.id].get(student, 0.0) * x.max_points for x in counted) / worth
        reasons = _reasons(student, own, counted, shares, share)
        if reasons:
            holds = [h for h in held if student in h.now]
            opened = sorted((x.id for x in counted if x.id in own), key=lambda x: shares[x][student])
            found.append(Needs(student, share, reasons, weakest(student, mastery), holds, opened[:OPENED]))
    return sorted(found, key=lambda n: (n.share, n.student))


def _reasons(
    student: str, own: Mapping[str, Record], counted: Sequence[Lesson], shares: Shares, share: float
) -> list[str]:
    reasons = []
    if share < LOW:
        reasons.append(f"has {share:.0%} of all points")
    recent = counted[-RECENT:]
    missing = [lesson.id for lesson in counted if lesson.id not in own]
    if len(missing) > len(counted) / 3 or any(lesson.id in missing for lesson in recent):
        reasons.append(f"handed in nothing for {_listed(missing)}")
    for number, lesson in enumerate(counted):
        if lesson not in recent or lesson.id not in own:
            continue
        if fell := _fell(student, [x.id for x in counted[:number]], lesson.id, shares):
            reasons.append(fell)
        if _stuck(own[lesson.id]):
            reasons.append(f"is stuck in {lesson.id}: {STUCK} submissions without a gain")
    return reasons


def _fell(student: str, earlier: Sequence[str], lesson: str, shares: Shares) -> str:
    """Reason if the student fell far more than the class from the earlier lessons to this one; else "".

    A lesson that is hard for all is no sign that one student needs help.
    """
    if not earlier:
        return ""
    usual = {s: sum(shares[x].get(s, 0.0) for x in earlier) / len(earlier) for s in shares[lesson]}
    others = [s for s in usual if s != student and any(s in shares[x] for x in earlier)]
    before = plain.median(usual[s] for s in others) if others else 0.0
    now = plain.median(shares[lesson][s] for s in others) if others else 0.0
    fall = usual[student] - shares[lesson][student]
    if fall - max(0.0, before - now) <= FALL:
        return ""
    return f"fell from {usual[student]:.0%} to {shares[lesson][student]:.0%} in {lesson}" + (
        f" (the class: from {before:.0%} to {now:.0%})" if others else ""
    )


def _stuck(record: Record) -> bool:
    points = [a.points for a in record.submissions]
    if len(points) <= STUCK or points[-1] >= record.last.max_points:
        return False
    return max(points[-STUCK:]) <= points[-STUCK - 1]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
