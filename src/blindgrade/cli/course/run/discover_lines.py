"""Output of `course discover`: lines for a person, and data for a program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from blindgrade.cohort_report.group_words import about_mutant, about_relation
from blindgrade.cohort_report.groups import AnswerGroup, Grouped
from blindgrade.render.sentences import many

MOST = 10  # groups of a lesson that are shown without --all
CODE_LINES = 20  # of a sample


def lines(found: Sequence[Grouped], *, everything: bool, options: str = "") -> Iterator[str]:
    """Lines about the groups of all lessons, and the next command."""
    first = ""
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _lesson(one, everything)
        first = first or (f"{one.lesson.id}{options} --adopt {one.groups[0].id}" if one.groups else "")
    if first:
        yield ""
        yield f'Name one for the next students: course discover {first} --name NAME --hint "…"'


def _lesson(found: Grouped, everything: bool) -> Iterator[str]:
    lesson, groups = found.lesson, found.groups
    students = sum(len(one.students) for one in groups)
    if groups:
        count = many(students, "wrong answer")
        yield f"{lesson.id}: {count} that no misconception explains, in {many(len(groups), 'group')}"
    else:
        yield f"{lesson.id}: a misconception explains every wrong answer that can be compared"
    shown = groups if everything else [one for one in groups if len(one.students) > 1][:MOST]
    for one in shown:
        yield ""
        yield from _group(one)
    if left := [one for one in groups if one not in shown]:
        single = all(len(one.students) == 1 for one in left)
        what = "of one student each" if single else f"of at most {many(len(left[0].students), 'student')}"
        yield ""
        yield f"{many(len(left), 'more group')} {what}: --all shows {'it' if len(left) == 1 else 'them'}"
    if found.silent:
        silent = sum(len(who) for who in found.silent.values())
        where = ", ".join(f"{exercise} {len(who)}" for exercise, who in found.silent.items())
        verb = "returns" if silent == 1 else "return"
        yield ""
        count = many(silent, "more wrong answer")
        yield f"{count} {verb} nothing that can be compared, such as an error alone: {where}"


def _group(one: AnswerGroup) -> Iterator[str]:
    yield f"{one.id}  {one.exercise}  {many(len(one.students), 'student')}"
    for text in (about_mutant(one.mutant), about_relation(one.compared), *(f"fails: {c}" for c in one.claims)):
        if text:
            yield from textwrap.wrap(text, 100, initial_indent="        ", subsequent_indent="          ")
    if one.sample is None:
        yield "        no sample: the submissions are not where they were graded"
        return
    code = one.sample.whole.split("\n")
    yield from (f"    {line}".rstrip() for line in code[:CODE_LINES])
    if len(code) > CODE_LINES:
        yield f"    … {len(code) - CODE_LINES} more lines"


def as_data(found: Sequence[Grouped]) -> dict[str, Any]:
    """The groups as plain data."""
    return {"schema": "blindgrade/discovered/v1", "lessons": [_lesson_data(one) for one in found]}


def _lesson_data(found: Grouped) -> dict[str, Any]:
    return {
        "lesson": found.lesson.id,
        "groups": [
            {
                "id": one.id,
                "exercise": one.exercise,
                "students": len(one.students),
                "who": one.students,
                "fails": one.claims,
                "relation": one.relations[0] if one.relations else None,
                "relations": one.relations,
                "mutant": one.mutant.model_dump(mode="json") if one.mutant else None,
                "sample": one.sample.whole if one.sample else None,
            }
            for one in found.groups
        ],
        "not_comparable": dict(found.silent),
    }
