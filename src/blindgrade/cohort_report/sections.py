"""The cohort report's tables, made from its numbers."""

from __future__ import annotations

import statistics as plain
from collections.abc import Iterable

import numpy as np

from blindgrade.cohort_report import acting
from blindgrade.cohort_report.alike import Alike
from blindgrade.cohort_report.cohort import Cohort
from blindgrade.cohort_report.items import LessonNumbers
from blindgrade.cohort_report.people import decided, decided_columns, student_cells, student_columns, who
from blindgrade.cohort_report.statistics import Interval
from blindgrade.cohort_report.tables import Cell, Column, Table
from blindgrade.cohort_report.work_links import NO_LINKS, WorkLinks
from blindgrade.models import Outcome, Policy
from blindgrade.roster.matching import Roster

TAKEN = {
    "best": "The best attempt of each student counts.",
    "last": "The last submission of each student counts.",
    "mean": "Points are the mean of each student's attempts; exercises, reliability and concepts use the last one.",
}


def taken(policy: Policy) -> str:
    """Sentences that say which attempts the report counts, and that it does not count lateness."""
    best = (
        " The best attempt has the most points after lateness." if _late(policy) and policy.attempts == "best" else ""
    )
    return f"{TAKEN[policy.attempts]}{best} All points are without the deduction for lateness."


def _late(policy: Policy) -> bool:
    return bool(policy.due) and (policy.late.penalty > 0 or policy.late.days is not None)


def lessons_table(cohort: Cohort) -> Table:
    """Table with a row for each lesson: the distribution of the points, and their reliability."""
    columns = [
        Column("lesson", "code"), Column("students", "number"), Column("mean", "number"), Column("median", "number"),
        Column("standard deviation", "number"), Column("lower quartile", "number"), Column("upper quartile", "number"),
        Column("no points", "number"), Column("all points", "number"), Column("alpha", "number"),
        Column("alpha, 95 % from", "number"), Column("alpha, 95 % to", "number"), Column("standard error", "number"),
        Column("left out", "number"), Column("never loaded", "number"),
    ]  # fmt: skip
    return Table(
        "lessons", "Distribution and reliability", columns, [_lesson_row(n) for n in cohort.lessons],
        "Points are without the deduction for lateness. Alpha is Cronbach's: the share of the differences between "
        "students that is not chance. The standard error is the spread of a student's total, in points, if they could "
        "take the test again. Students with a check that the grader could not judge are left out of alpha and of the "
        "exercises' figures. So are students whose file never loaded.",
    )  # fmt: skip


def _lesson_row(numbers: LessonNumbers) -> list[Cell]:
    points = numbers.points
    full = numbers.lesson.max_points
    low, high = np.quantile(points, [0.25, 0.75])
    return [
        numbers.lesson.id, len(points), plain.fmean(points), plain.median(points),
        plain.stdev(points) if len(points) > 1 else None, float(low), float(high),
        sum(p <= 1e-9 for p in points), sum(p >= full - 1e-6 for p in points),
        *_spread(numbers.alpha), numbers.standard_error, numbers.left_out, numbers.unread,
    ]  # fmt: skip


def _spread(interval: Interval | None) -> list[Cell]:
    return [interval.value, interval.low, interval.high] if interval else [None, None, None]


def items_table(numbers: LessonNumbers) -> Table:
    """Table with a row for each exercise: difficulty, discrimination, outcomes."""
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
        "The point-biserial is the correlation of passing with the points of all other exercises of the lesson. Below "
        "0.20 an exercise separates strong and weak students poorly. Upper - lower compares the 27 % of students with "
        "the most points with the 27 % with the fewest.",
    )  # fmt: skip


def odd_table(numbers: LessonNumbers) -> Table:
    """Table of the checks that no student or every student passes."""
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
        "Only students who reached the check are counted: those who attempted it and were not blocked.", shown=8,
    )  # fmt: skip


def effort_table(cohort: Cohort) -> Table:
    """Table of time and attempts, by lesson."""
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
        "Hours are between a student's first and last submission of a lesson. Students with one submission are left "
        "out.",
    )  # fmt: skip


def concepts_table(cohort: Cohort) -> Table:
    """Table with a row for each concept."""
    columns = [
        Column("concept"), Column("mean share", "level"), Column("mastered by", "level"), Column("students", "number"),
        Column("exercises", "list"),
    ]  # fmt: skip
    ordered = sorted(cohort.mastery, key=lambda m: m.mean)
    rows: list[list[Cell]] = [[m.concept.title, m.mean, m.mastered, len(m.shares), m.exercises] for m in ordered]
    return Table(
        "concepts", "Concepts, the weakest first", columns, rows,
        "A student who has 80 % of the points of a concept's exercises has mastered it.",
    )  # fmt: skip


def matrix_table(cohort: Cohort) -> Table:
    """Table with a row for each student and a column for each concept."""
    columns = [
        *student_columns(cohort),
        *decided_columns(cohort),
        *(Column(m.concept.title, "level") for m in cohort.mastery),
    ]
    rows: list[list[Cell]] = [
        [*student_cells(cohort, s), *decided(cohort, s), *(m.shares.get(s) for m in cohort.mastery)]
        for s in cohort.students
    ]
    return Table("mastery", "Mastery of concepts, student by student", columns, rows, shown=0)


def decisions_table(cohort: Cohort) -> Table:
    """Table of the decisions in force about these lessons."""
    columns = [
        Column("number", "number"), *student_columns(cohort), Column("lesson", "code"), Column("decision"),
        Column("reason"), Column("decided by"), Column("time", "code"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            one.number,
            *student_cells(cohort, one.student),
            one.lesson,
            one.what,
            one.reason,
            one.author,
            one.at[:16] + "Z",
        ]
        for one in cohort.decisions
    ]
    return Table(
        "decisions", "What instructors decided", columns, rows,
        "Points of students include adjustments of exercises and points kept over a change of checks. Figures of "
        "exercises and concepts use the grader's own results. An adjustment of a whole lesson changes only final "
        "points, which this report does not show. A student who is excused from a lesson counts in no figure of it.",
        shown=10,
    )  # fmt: skip


def alike_table(found: Alike, roster: Roster) -> Table:
    """Table of pairs of students whose answers have the same structure."""
    columns = [
        Column("students", "list"), Column("shared answers", "number"),
        Column("compared", "number"),
        Column("evidence in bits", "number"), Column("such pairs by chance", "number"), Column("exercises", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [who(roster, [p.first, p.second]), len(p.shared), p.compared, p.bits, p.by_chance, p.shared]
        for p in found.pairs
    ]
    pairs = "1 pair" if found.together == 1 else f"{found.together} pairs"
    groups = f" {pairs} handed in as a group, and their common work is not compared." if found.together else ""
    return Table(
        "alike", "Submissions with the same structure", columns, rows,
        "Names, layout, comments and annotations do not count. An exercise is compared if both students solved it or "
        "both did not. The evidence is larger if the shared answers are rare in this cohort. By chance means: if the "
        "students wrote independently. Students who learned together share more. So a pair is a reason to read both "
        "submissions, not a proof." + groups,
        shown=10,
    )  # fmt: skip


def all_tables(cohort: Cohort, found: Alike | None, links: WorkLinks = NO_LINKS) -> Iterable[Table]:
    """Every table of the report, in its order."""
    yield acting.needs_table(cohort, links)
    if cohort.unread:
        yield acting.unread_table(cohort, links)
    if cohort.roster.people:
        yield acting.missing_table(cohort)
    yield from (acting.misconceptions_table(cohort), acting.look_at_table(cohort))
    yield from (lessons_table(cohort), effort_table(cohort))
    for numbers in cohort.lessons:
        yield items_table(numbers)
        yield odd_table(numbers)
    yield from (concepts_table(cohort), matrix_table(cohort))
    if cohort.decisions:
        yield decisions_table(cohort)
    if found is not None:
        yield alike_table(found, cohort.roster)
