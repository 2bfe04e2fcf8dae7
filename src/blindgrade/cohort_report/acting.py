"""The first parts of the page, on which an instructor acts: who needs help, what to teach, exercises to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blindgrade.cohort_report.alike import Alike
from blindgrade.cohort_report.cohort import Cohort
from blindgrade.cohort_report.mastery import Weak
from blindgrade.cohort_report.misunderstandings import Topic
from blindgrade.cohort_report.needs import Needs
from blindgrade.cohort_report.people import (
    by_section,
    decided,
    decided_columns,
    decisions_of,
    student_cells,
    student_columns,
    who,
)
from blindgrade.cohort_report.tables import Cell, Column, Table
from blindgrade.cohort_report.work_links import NO_LINKS, Work, WorkLinks

LISTED = 3  # misconceptions of one student that are named; the table of misconceptions has all
TAUGHT = 5  # topics that are shown in full


@dataclass(frozen=True)
class PersonCard:
    """A student who needs help, as the page shows it. `weakest` and `holds` are sentences."""

    id: str
    name: str
    section: str
    needs: Needs
    weakest: list[str]
    holds: list[tuple[str, str]]
    more: int
    decisions: list[str]
    work: list[Work]


@dataclass(frozen=True)
class TopicCard:
    """A topic as the page shows it. `show` is the command with which students see the fault; "" if they cannot."""

    topic: Topic
    who: list[str]
    sections: str
    show: str


def person_cards(cohort: Cohort, links: WorkLinks = NO_LINKS) -> list[PersonCard]:
    """Students who need help, the most urgent first."""
    return [_person(cohort, one, links) for one in cohort.needs]


def _person(cohort: Cohort, one: Needs, links: WorkLinks) -> PersonCard:
    person = cohort.roster.person(one.student)
    return PersonCard(
        id=one.student,
        name=person.name,
        section=person.get("section"),
        needs=one,
        weakest=_weakest(one.weakest),
        holds=[(f"{h.lesson}/{h.exercise}", h.hint) for h in one.holds[:LISTED]],
        more=max(0, len(one.holds) - LISTED),
        decisions=decisions_of(cohort, one.student),
        work=[links.of(lesson, one.student) for lesson in one.lessons],
    )


def _weakest(weak: Sequence[Weak]) -> list[str]:
    return [f"{one.concept.title} ({one.share:.0%}; class {one.mean:.0%})" for one in weak]


def topic_cards(cohort: Cohort) -> list[TopicCard]:
    """Misconceptions to teach, the most frequent first: those of the whole class, or the first ones if none is."""
    wide = [one for one in cohort.topics if one.for_all] or cohort.topics
    return [_topic(cohort, one) for one in wide[:TAUGHT]]


def _topic(cohort: Cohort, one: Topic) -> TopicCard:
    held = one.held
    show = f"grade {held.lesson}/{held.exercise} --show {one.saying.check}" if one.saying.public else ""
    return TopicCard(one, who(cohort.roster, held.now), by_section(cohort.roster, held.now), show)


def needs_table(cohort: Cohort, links: WorkLinks = NO_LINKS) -> Table:
    """Table of the students who need help, the most urgent first."""
    columns = [
        *student_columns(cohort), Column("share of all points", "share"), Column("why", "list"),
        Column("weakest concepts", "list"), *decided_columns(cohort), Column("misconceptions", "list"),
        Column("attempts", "list"), Column("code", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for n in cohort.needs:
        work = [links.of(lesson, n.student) for lesson in n.lessons]
        rows.append([
            *student_cells(cohort, n.student), n.share, n.reasons, _weakest(n.weakest), *decided(cohort, n.student),
            [f"{h.lesson}/{h.exercise} {h.name}" for h in n.holds], [w.attempt for w in work if w.attempt],
            [w.code for w in work if w.code],
        ])  # fmt: skip
    return Table(
        "help", "Students who need help", columns, rows,
        "Listed are students with less than 40 % of all points. Also listed are students with one of these in the "
        "last two lessons: no submission, a fall below their own earlier lessons that is more than 35 percentage "
        "points larger than the fall of the class, or three submissions without a gain. A concept is named if the "
        "student has not mastered it and is at least 10 percentage points below the class.",
        shown=12,
    )  # fmt: skip


def unread_table(cohort: Cohort, links: WorkLinks = NO_LINKS) -> Table:
    """Table of the newest files that never loaded."""
    columns = [*student_columns(cohort), Column("lesson", "code"), Column("why"), Column("file", "link")]
    rows: list[list[Cell]] = [
        [*student_cells(cohort, one.student), one.lesson, one.reason, links.of(one.lesson, one.student).code]
        for one in cohort.unread
    ]
    return Table(
        "never-loaded", "Files that never loaded", columns, rows,
        "Ask these students for a file that loads. Their points in the lesson are 0 or those of an earlier file. A "
        "file that never loaded says nothing about its student, so no other figure has it.", shown=12,
    )  # fmt: skip


def missing_table(cohort: Cohort) -> Table:
    """Who of the roster handed in nothing, and for which lessons."""
    columns = [*student_columns(cohort), Column("handed in nothing for", "list")]
    rows: list[list[Cell]] = [[*student_cells(cohort, one.person.id), one.lessons] for one in cohort.missing]
    return Table(
        "missing", "Students of the roster who handed in nothing", columns, rows,
        "Students without any submission count in no other figure of this page.", shown=10,
    )  # fmt: skip


def misconceptions_table(cohort: Cohort) -> Table:
    """Table of the misconceptions, by the number of students who hold them."""
    columns = [
        Column("lesson", "code"), Column("exercise", "code"), Column("misconception", "code"), Column("its hint"),
        Column("held by", "number"), Column("overcome by", "number"), Column("students who hold it", "list"),
        Column("share", "share"), Column("its 95 % from", "share"), Column("its 95 % to", "share"),
        Column("for", "text"),
    ]  # fmt: skip
    topics = {(t.held.lesson, t.held.exercise, t.held.name): t for t in cohort.topics}
    rows: list[list[Cell]] = []
    for h in cohort.misconceptions:
        topic = topics.get((h.lesson, h.exercise, h.name))
        limits: list[Cell] = [topic.share.value, topic.share.low, topic.share.high] if topic else [None, None, None]
        audience = "" if topic is None else "the class" if topic.for_all else "these students"
        rows.append([
            h.lesson, h.exercise, h.name, h.hint, len(h.now), len(h.overcome), who(cohort.roster, h.now), *limits,
            audience,
        ])  # fmt: skip
    return Table(
        "misconceptions", "Misconceptions by frequency", columns, rows,
        "A student holds a misconception if it is in the last file that loaded, and has overcome it if it is only in "
        "an earlier one. The grader names a misconception only on evidence, so a wrong answer that matches none is "
        "not here. It is for the class if surely more than 5 % of the students hold it.", shown=0,
    )  # fmt: skip


def look_at_table(cohort: Cohort) -> Table:
    """Table of the exercises and checks that an instructor should look at."""
    columns = [Column("exercise", "code"), Column("look at"), Column("passed", "share"), Column("students", "number")]
    rows: list[list[Cell]] = []
    for numbers in cohort.lessons:
        judged = len(numbers.points) - numbers.left_out - numbers.unread
        for item in numbers.items:
            name = f"{numbers.lesson.id}/{item.exercise.name}"
            if item.to_look_at:
                rows += [[name, text, item.statistics.passed, judged] for text in item.remarks]
        for odd in numbers.odd:
            if odd.never:
                said = f"no one of {odd.tried} passes the check {odd.check}: {odd.claim}"
                rows.append([f"{numbers.lesson.id}/{odd.exercise}", said, 0.0, odd.tried])
    return Table(
        "look-at", "Remarks about exercises and checks", columns, rows,
        "A remark is made only if the whole 95 % interval of its figure says the same, and from 20 students on. So no "
        "remark does not mean that an exercise is good. The tables of the lessons have all figures with their limits.",
        shown=10,
    )  # fmt: skip


def headlines(cohort: Cohort, found: Alike | None, unexplained: int = 0) -> Sequence[tuple[str, str]]:
    """What to do first, each with the part of the page that has more. `unexplained`: groups of several students."""
    wide = sum(topic.for_all for topic in cohort.topics)
    looked = len(look_at_table(cohort).rows)
    counts = [
        (len(cohort.unread), "file never loaded", "files never loaded", "help"),
        (len(cohort.needs), "student needs help", "students need help", "help"),
        (len(cohort.absent), "student of the roster handed in nothing at all",
         "students of the roster handed in nothing at all", "help"),
        (wide, "misunderstanding to teach the class", "misunderstandings to teach the class", "misconceptions"),
        (unexplained, "group of students whose wrong answer nothing explains",
         "groups of students whose wrong answers nothing explains", "groups"),
        (looked, "remark about exercises", "remarks about exercises", "look-at"),
        (len(cohort.decisions), "decision of instructors changed due dates or marks",
         "decisions of instructors changed due dates or marks", "decisions"),
        (len(found.groups) if found else 0, "group of submissions shares more answers than chance explains",
         "groups of submissions share more answers than chance explains", "alike"),
    ]  # fmt: skip
    return [(f"{n} {one if n == 1 else several}", part) for n, one, several, part in counts if n]
