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
        Column("left out", "number"),
    ]  # fmt: skip
    return Table(
        "lessons", "Distribution and reliability", columns, [_lesson_row(n) for n in cohort.lessons],
        "Points are without the deduction for lateness. Alpha is Cronbach's: the share of the differences between "
        "students that is not chance. The standard error is the spread of a student's total, in points, if they could "
        "take the test again. Students with a check that the grader could not judge are left out of alpha and of the "
        "exercises' figures.",
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
    decided = [Column("decisions", "list")] if cohort.decisions else []
    columns = [*_student_columns(cohort), *decided, *(Column(m.concept.title, "level") for m in cohort.mastery)]
    rows: list[list[Cell]] = [
        [*_student(cohort, s), *_decided(cohort, s), *(m.shares.get(s) for m in cohort.mastery)]
        for s in cohort.students
    ]
    return Table("mastery", "Mastery of concepts, student by student", columns, rows, shown=0)


def _student_columns(cohort: Cohort) -> list[Column]:
    """Who a row is about; without a roster only ids are known."""
    known = [Column("name"), Column("section")] if cohort.roster.people else []
    return [Column("student", "code"), *known]


def _student(cohort: Cohort, student: str) -> list[Cell]:
    person = cohort.roster.person(student)
    return [student, person.name, person.get("section")] if cohort.roster.people else [student]


def _decided(cohort: Cohort, student: str) -> list[Cell]:
    """The student's decisions in words; no cell if there are no decisions at all."""
    own = [f"{one.lesson} {one.what}" for one in cohort.decisions if one.student == student]
    return [own] if cohort.decisions else []


def who(roster: Roster, students: Iterable[str]) -> list[str]:
    """Students in a list, each with the name and section of the roster: "ana (Ana Doe, LEC 01)"."""
    found = []
    for student in students:
        person = roster.person(student)
        known = ", ".join(text for text in (person.name, person.get("section")) if text)
        found.append(f"{student} ({known})" if known else student)
    return found


def misconceptions_table(cohort: Cohort) -> Table:
    """Table of the misconceptions, by the number of students who hold them."""
    columns = [
        Column("lesson", "code"), Column("exercise", "code"), Column("misconception", "code"), Column("its hint"),
        Column("held by", "number"), Column("overcome by", "number"), Column("students who hold it", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [h.lesson, h.exercise, h.name, h.hint, len(h.now), len(h.overcome), who(cohort.roster, h.now)]
        for h in cohort.misconceptions
    ]
    return Table(
        "misconceptions", "Misconceptions by frequency", columns, rows,
        "A student holds a misconception if it is in the last submission, and has overcome it if it is only in an "
        "earlier one. The grader names a misconception only on evidence, so a wrong answer that matches none is not "
        "here.", shown=10,
    )  # fmt: skip


def needs_table(cohort: Cohort) -> Table:
    """Table of the students who need help, the most urgent first."""
    columns = [
        *_student_columns(cohort), Column("share of all points", "share"), Column("why", "list"),
        Column("weakest concepts", "list"), *([Column("decisions", "list")] if cohort.decisions else []),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [*_student(cohort, n.student), n.share, n.reasons, [c.title for c in n.weakest], *_decided(cohort, n.student)]
        for n in cohort.needs
    ]
    return Table(
        "help", "Students who need help", columns, rows,
        "Listed are students with less than 40 % of all points. Also listed are students with one of these in the "
        "last two lessons: no submission, a fall of more than 35 percentage points below their own earlier lessons, or "
        "three submissions without a gain.",
        shown=10,
    )  # fmt: skip


def decisions_table(cohort: Cohort) -> Table:
    """Table of the decisions in force about these lessons."""
    columns = [
        Column("number", "number"), *_student_columns(cohort), Column("lesson", "code"), Column("decision"),
        Column("reason"), Column("decided by"), Column("time", "code"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [one.number, *_student(cohort, one.student), one.lesson, one.what, one.reason, one.author, one.at[:16] + "Z"]
        for one in cohort.decisions
    ]
    return Table(
        "decisions", "What instructors decided", columns, rows,
        "Points of students include adjustments of exercises and points kept over a change of checks. Figures of "
        "exercises and concepts use the grader's own results. An adjustment of a whole lesson changes only final "
        "points, which this report does not show. A student who is excused from a lesson counts in no figure of it.",
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


def all_tables(cohort: Cohort, found: Alike | None) -> Iterable[Table]:
    """Every table of the report, in its order."""
    yield lessons_table(cohort)
    yield effort_table(cohort)
    for numbers in cohort.lessons:
        yield items_table(numbers)
        yield odd_table(numbers)
    yield from (concepts_table(cohort), matrix_table(cohort), misconceptions_table(cohort), needs_table(cohort))
    if cohort.decisions:
        yield decisions_table(cohort)
    if cohort.roster.people:
        yield missing_table(cohort)
    if found is not None:
        yield alike_table(found, cohort.roster)


def headlines(cohort: Cohort, found: Alike | None) -> Sequence[str]:
    """Sentences that say what an instructor should look at first."""
    said = []
    items = [(n.lesson.id, i) for n in cohort.lessons for i in n.items if i.remarks]
    weak = [f"{lesson}/{i.exercise.name}" for lesson, i in items if i.weak]
    if weak:
        said.append(f"These exercises separate strong and weak students poorly or wrongly: {', '.join(weak)}.")
    if items:
        said.append(f"{_many(len(items), 'exercise has a remark', 'exercises have remarks')} in the tables below.")
    never = sum(not o.passed for n in cohort.lessons for o in n.odd)
    if never:
        said.insert(0, f"No one passes {_many(never, 'check', 'checks')} that at least one student reached.")
    if cohort.misconceptions and cohort.misconceptions[0].now:
        first = cohort.misconceptions[0]
        said.append(
            f"The most frequent misconception is “{first.name}” in {first.lesson}/{first.exercise}, "
            f"which {_many(len(first.now), 'student holds', 'students hold')}."
        )
    if cohort.needs:
        said.append(f"{_many(len(cohort.needs), 'student needs', 'students need')} help.")
    if cohort.decisions:
        said.append(
            f"{_many(len(cohort.decisions), 'decision', 'decisions')} of instructors changed due dates or marks."
        )
    if cohort.absent:
        said.append(f"{_many(len(cohort.absent), 'student', 'students')} of the roster handed in nothing at all.")
    if found is not None and found.pairs:
        said.append(
            f"{_many(len(found.groups), 'group', 'groups')} of submissions share more answers than chance explains."
        )
    return said


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
