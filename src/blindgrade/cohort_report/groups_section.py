"""The part of the cohort report about wrong answers that no misconception explains: a table, and the largest groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blindgrade.cohort_report.group_words import about_mutant, about_relation
from blindgrade.cohort_report.groups import AnswerGroup, Grouped
from blindgrade.cohort_report.people import who
from blindgrade.cohort_report.tables import Cell, Column, Table
from blindgrade.render.sentences import begun, many
from blindgrade.roster.matching import Roster

SHOWN = 6  # groups that the page shows with their code
CODE_LINES = 25  # of a sample


@dataclass(frozen=True)
class GroupCard:
    """A group as the page shows it. `facts` are sentences; `code` is empty without a sample; `adopt` is a command."""

    title: str
    facts: list[str]
    code: str
    adopt: str


@dataclass(frozen=True)
class GroupsSection:
    """What the page shows: the largest groups that have more than one student, and all of them as a table."""

    cards: list[GroupCard]
    table: Table
    silent: str


def groups_section(found: Sequence[Grouped], roster: Roster) -> GroupsSection:
    """The part about these lessons' groups."""
    groups = sorted((group for one in found for group in one.groups), key=lambda one: -len(one.students))
    several = [one for one in groups if len(one.students) > 1]
    return GroupsSection([_card(one) for one in several[:SHOWN]], groups_table(groups, roster), _silent(found))


def groups_table(groups: Sequence[AnswerGroup], roster: Roster) -> Table:
    """Table with a row for each group, the largest first."""
    columns = [
        Column("lesson", "code"), Column("exercise", "code"), Column("group", "code"), Column("students", "number"),
        Column("small change of the solution"), Column("relation", "list"), Column("checks that fail", "list"),
        Column("who", "list"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [one.lesson, one.exercise, one.id, len(one.students), about_mutant(one.mutant), one.relations, one.claims,
         who(roster, one.students)]
        for one in groups
    ]  # fmt: skip
    return Table(
        "groups", "Wrong answers that no misconception explains", columns, rows,
        "Answers of one group reply the same to every check of the exercise. A small change of the solution that "
        "replies the same shows how the answer differs, not what the student thought.", shown=10,
    )  # fmt: skip


def _card(one: AnswerGroup) -> GroupCard:
    facts = [about_mutant(one.mutant), about_relation(one.compared), f"fails: {' '.join(one.claims)}"]
    lines = one.sample.whole.split("\n") if one.sample else []
    rest = [f"… {len(lines) - CODE_LINES} more lines"] if len(lines) > CODE_LINES else []
    return GroupCard(
        f"{one.lesson}/{one.exercise}: {many(len(one.students), 'student')}",
        [begun(fact) for fact in facts if fact],
        "\n".join([*lines[:CODE_LINES], *rest]),
        f'course discover {one.lesson} --adopt {one.id} --name NAME --hint "…"',
    )


def _silent(found: Sequence[Grouped]) -> str:
    """Sentence about wrong answers that cannot be compared; empty if there are none."""
    count = sum(len(students) for one in found for students in one.silent.values())
    if not count:
        return ""
    verb = "returns" if count == 1 else "return"
    return f"{many(count, 'more wrong answer')} {verb} nothing that can be compared, such as an error alone."
