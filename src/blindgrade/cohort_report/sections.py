"""The cohort report's tables, made from its numbers."""

from __future__ import annotations

import statistics as plain
from collections.abc import Iterable, Sequence

import numpy as np

from blindgrade.cohort_report.alike import Alike
from blindgrade.cohort_report.cohort import Cohort
from blindgrade.cohort_report.items import LessonNumbers
from blindgrade.cohort_report.statistics import Interval
from blindgrade.cohort_report.tables import Cell, Column, Table
from blindgrade.models import Outcome, Policy

TAKEN = {
    "best": "Of each student the best attempt counts.",
    "last": "Of each student what was handed in last counts.",
    "mean": "Points are the mean of each student's attempts; exercises, reliability and concepts are of the last one.",
}


def taken(policy: Policy) -> str:
    """Which attempts the report counts, and that lateness takes nothing off here."""
    best = (
        " Best is the one with the most points after lateness." if _late(policy) and policy.attempts == "best" else ""
    )
    return f"{TAKEN[policy.attempts]}{best} All points are before anything is taken off for lateness."


def _late(policy: Policy) -> bool:
    return bool(policy.due) and (policy.late.penalty > 0 or policy.late.days is not None)


def lessons_table(cohort: Cohort) -> Table:
    """One row a lesson: how the points are spread, and how far they can be trusted."""
    columns = [
        Column("lesson", "code"), Column("students", "number"), Column("mean", "number"), Column("median", "number"),
        Column("standard deviation", "number"), Column("lower quartile", "number"), Column("upper quartile", "number"),
        Column("no points", "number"), Column("all points", "number"), Column("alpha", "number"),
        Column("alpha, 95 % from", "number"), Column("alpha, 95 % to", "number"), Column("standard error", "number"),
        Column("left out", "number"),
    ]  # fmt: skip
    return Table(
        "lessons", "Distribution and reliability", columns, [_lesson_row(n) for n in cohort.lessons],
        "Points before anything is taken off for lateness. Alpha is Cronbach's: the share of the differences between "
        "students that is not chance. The standard error says by how many points a total would scatter. Left out of "
        "alpha and of the exercises' figures are students with a check that the grader could not judge.",
    )  # fmt: skip


def _lesson_row(numbers: LessonNumbers) -> list[Cell]:
    points = numbers.points
    full = numbers.lesson.max_points
    low, high = np.quantile(points, [0.25, 0.75])
    return [
        numbers.lesson.id, len(points), plain.fmean(points), plain.median(points),
        plain.stdev(points) if len(points) > 1 else None, float(low), float(high),
        sum(p <= 1e-9 for p in points), sum(p >= full - 1e-6 for p in points),
        *_spread(numbers.alpha), numbers.standard_error, numbers.left_out,
    ]  # fmt: skip


def _spread(interval: Interval | None) -> list[Cell]:
    return [interval.value, interval.low, interval.high] if interval else [None, None, None]


def items_table(numbers: LessonNumbers) -> Table:
    """One row an exercise: difficulty, discrimination, outcomes."""
    columns = [
        Column("exercise", "code"), Column("points", "number"), Column("mean share of points", "share"),
        Column("passed", "share"), Column("point-biserial", "number"), Column("its 95 % from", "number"),
        Column("its 95 % to", "number"), Column("upper - lower 27 %", "number"), Column("alpha without", "number"),
        Column("tries until passed", "number"), Column("failed", "number"), Column("blocked", "number"),
        Column("not attempted", "number"), Column("look at", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for item in numbers.items:
        s = item.statistics
        rows.append([
            item.exercise.name, item.exercise.points, s.difficulty, s.passed, *_spread(s.point_biserial), s.upper_lower,
            s.alpha_without, item.tries, item.outcomes[Outcome.FAILED], item.outcomes[Outcome.BLOCKED],
            item.outcomes[Outcome.NOT_ATTEMPTED], item.remarks,
        ])  # fmt: skip
    return Table(
        f"items-{numbers.lesson.id}", "Exercises", columns, rows,
        "The point-biserial correlates having passed with the points of all other exercises of the lesson; below 0.20 "
        "an exercise tells strong from weak students poorly. Upper - lower compares the 27 % with the most points with "
        "the 27 % with the least.",
    )  # fmt: skip


def odd_table(numbers: LessonNumbers) -> Table:
    """Checks that no one passes or everyone."""
    columns = [
        Column("exercise", "code"), Column("check", "code"), Column("claim"), Column("public"),
        Column("reached by", "number"), Column("passed by", "number"), Column("finding"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [o.exercise, o.check, o.claim, "yes" if o.public else "no", o.tried, o.passed,
         "everyone passes" if o.passed else "no one passes"]
        for o in sorted(numbers.odd, key=lambda o: o.passed > 0)
    ]  # fmt: skip
    return Table(
        f"checks-{numbers.lesson.id}", "Checks that no one or everyone passes", columns, rows,
        "Counted among those who reached the check: neither blocked nor not attempted.", shown=8,
    )  # fmt: skip


def effort_table(cohort: Cohort) -> Table:
    """Time and attempts by lesson."""
    columns = [
        Column("lesson", "code"), Column("submissions, median", "number"), Column("most", "number"),
        Column("handed in once", "share"), Column("hours from first to last, median", "number"),
        Column("longest tenth, from", "number"), Column("grading seconds, median", "number"),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for n in cohort.lessons:
        hours = np.quantile(n.hours, [0.5, 0.9]) if n.hours else [None, None]
        rows.append([
            n.lesson.id, plain.median(n.submissions), max(n.submissions),
            sum(s == 1 for s in n.submissions) / len(n.submissions), *(None if h is None else float(h) for h in hours),
            plain.median(n.seconds),
        ])  # fmt: skip
    return Table(
        "effort", "Time and attempts", columns, rows,
        "Hours lie between a student's first and last submission of a lesson, of those who handed in more than once.",
    )  # fmt: skip


def concepts_table(cohort: Cohort) -> Table:
    """One row a concept."""
    columns = [
        Column("concept"), Column("mean share", "level"), Column("mastered by", "level"), Column("students", "number"),
        Column("exercises", "list"),
    ]  # fmt: skip
    ordered = sorted(cohort.mastery, key=lambda m: m.mean)
    rows: list[list[Cell]] = [[m.concept.title, m.mean, m.mastered, len(m.shares), m.exercises] for m in ordered]
    return Table(
        "concepts", "Concepts, the weakest first", columns, rows,
        "A student has mastered a concept with 80 % of the points of the exercises that train it.",
    )  # fmt: skip


def matrix_table(cohort: Cohort) -> Table:
    """Students by concepts."""
    columns = [*_student_columns(cohort), *(Column(m.concept.title, "level") for m in cohort.mastery)]
    rows: list[list[Cell]] = [
        [*_student(cohort, s), *(m.shares.get(s) for m in cohort.mastery)] for s in cohort.students
    ]
    return Table("mastery", "Mastery of concepts, student by student", columns, rows, shown=0)


def _student_columns(cohort: Cohort) -> list[Column]:
    """Who a row is about; without a roster only ids are known."""
    known = [Column("name"), Column("section")] if cohort.roster.people else []
    return [Column("student", "code"), *known]


def _student(cohort: Cohort, student: str) -> list[Cell]:
    person = cohort.roster.person(student)
    return [student, person.name, person.get("section")] if cohort.roster.people else [student]


def misconceptions_table(cohort: Cohort) -> Table:
    """Misconceptions by how many students hold them."""
    columns = [
        Column("lesson", "code"), Column("exercise", "code"), Column("misconception", "code"), Column("its hint"),
        Column("held by", "number"), Column("overcome by", "number"), Column("students who hold it", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [h.lesson, h.exercise, h.name, h.hint, len(h.now), len(h.overcome), h.now] for h in cohort.misconceptions
    ]
    return Table(
        "misconceptions", "Misconceptions by frequency", columns, rows,
        "Held in what was handed in last; overcome: only in something earlier. Named on evidence alone, so a wrong "
        "answer that matches none is not here.", shown=10,
    )  # fmt: skip


def needs_table(cohort: Cohort) -> Table:
    """Who needs help, the most urgent first."""
    columns = [
        *_student_columns(cohort), Column("share of all points", "share"), Column("why", "list"),
        Column("weakest concepts", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [*_student(cohort, n.student), n.share, n.reasons, [c.title for c in n.weakest]] for n in cohort.needs
    ]  # fmt: skip
    return Table(
        "help", "Students who need help", columns, rows,
        "Less than 40 % of all points; or in one of the last two lessons: nothing handed in, a fall of more than 35 "
        "percentage points below the student's own earlier lessons, or three submissions without a gain.",
        shown=10,
    )  # fmt: skip


def missing_table(cohort: Cohort) -> Table:
    """Who of the roster handed in nothing, and for which lessons."""
    columns = [*_student_columns(cohort), Column("handed in nothing for", "list")]
    rows: list[list[Cell]] = [[*_student(cohort, one.person.id), one.lessons] for one in cohort.missing]
    return Table(
        "missing", "Students of the roster who handed in nothing", columns, rows,
        "Students without any submission count in no other figure of this page.", shown=10,
    )  # fmt: skip


def alike_table(found: Alike) -> Table:
    """Pairs of students whose answers have one structure."""
    columns = [
        Column("students", "list"), Column("shared answers", "number"),
        Column("compared", "number"),
        Column("evidence in bits", "number"), Column("such pairs by chance", "number"), Column("exercises", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [[p.first, p.second], len(p.shared), p.compared, p.bits, p.by_chance, p.shared] for p in found.pairs
    ]
    return Table(
        "alike", "Submissions of one structure", columns, rows,
        "Names, layout, comments and annotations do not count. Compared are exercises that both solved or both did "
        "not. Evidence weighs how rare the shared answers are in this cohort, as if students wrote independently; who "
        "learned together shares more than that. A reason to read both submissions, not a finding.",
        shown=10,
    )  # fmt: skip


def all_tables(cohort: Cohort, found: Alike | None) -> Iterable[Table]:
    """Every table of the report, in its order."""
    yield lessons_table(cohort)
    yield effort_table(cohort)
    for numbers in cohort.lessons:
        yield items_table(numbers)
        yield odd_table(numbers)
    yield from (concepts_table(cohort), matrix_table(cohort), misconceptions_table(cohort), needs_table(cohort))
    if cohort.roster.people:
        yield missing_table(cohort)
    if found is not None:
        yield alike_table(found)


def headlines(cohort: Cohort, found: Alike | None) -> Sequence[str]:
    """What to look at first, as sentences."""
    said = []
    items = [(n.lesson.id, i) for n in cohort.lessons for i in n.items if i.remarks]
    weak = [f"{lesson}/{i.exercise.name}" for lesson, i in items if i.weak]
    if weak:
        said.append(f"Tells strong from weak students poorly or wrongly: {', '.join(weak)}.")
    if items:
        said.append(f"{_many(len(items), 'exercise has a remark', 'exercises have remarks')} in the tables below.")
    never = sum(not o.passed for n in cohort.lessons for o in n.odd)
    if never:
        said.insert(0, f"{_many(never, 'check is', 'checks are')} passed by no one who reached it.")
    if cohort.misconceptions and cohort.misconceptions[0].now:
        first = cohort.misconceptions[0]
        said.append(
            f"The most frequent misconception is “{first.name}” in {first.lesson}/{first.exercise}, "
            f"held by {_many(len(first.now), 'student', 'students')}."
        )
    if cohort.needs:
        said.append(f"{_many(len(cohort.needs), 'student needs', 'students need')} help.")
    if cohort.absent:
        said.append(f"{_many(len(cohort.absent), 'student', 'students')} of the roster handed in nothing at all.")
    if found is not None and found.pairs:
        said.append(f"{_many(len(found.groups), 'group', 'groups')} of submissions share more than chance explains.")
    return said


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
