"""Groups are counted from stored results: the largest first, with short ids, and nothing passed over in silence."""

from __future__ import annotations

from blindgrade.catalog import Catalog
from blindgrade.cohort_report.groups import grouped
from blindgrade.cohort_report.groups_section import groups_section
from blindgrade.cohort_report.records import Record, records_of
from blindgrade.models import Attempt, CheckResult, ExerciseResult, MutantMatch, Outcome
from blindgrade.roster.matching import Roster

from ..graded import LESSON, attempt, exercise, handed_in

MUTANT = MutantMatch(words="as if …", kinds=["sign"], changes=["`a - b` read as `a + b` in line 4"], count=1)


def wrong(name: str = "standardize", *, misconception: str | None = None, **fields: object) -> ExerciseResult:
    failed = CheckResult(
        name="f", claim="It fails.", public=True, outcome=Outcome.FAILED, misconception=misconception
    )  # fmt: skip
    passed = CheckResult(name="p", claim="It passes.", public=True, outcome=Outcome.PASSED)
    return exercise(name, 0, checks=[failed, passed], **fields)


def record(mini: Catalog, student: str, *results: ExerciseResult, **fields: object) -> Record:
    one: Attempt = attempt(student, (1, 1, 1), exercises=list(results), key=student, **fields)
    return records_of(student, {LESSON: handed_in(one)}, mini.course.policy)[LESSON]


def test_the_largest_group_is_first_and_equal_ones_are_in_the_order_of_their_names(mini: Catalog) -> None:
    [files] = mini.ready()
    records = [
        record(mini, "ana", wrong(answer="a1", group="aaaaaa1")),
        record(mini, "bo", wrong(answer="b1", group="bbbbbb1", mutant=MUTANT)),
        record(mini, "cy", wrong(answer="b2", group="bbbbbb1", mutant=MUTANT)),
        record(mini, "dee", wrong("correlation", answer="c1", group="cccccc1")),
    ]
    found = grouped(files, mini.lesson(files), records)
    assert [(one.exercise, one.students) for one in found.groups] == [
        ("standardize", ["bo", "cy"]), ("correlation", ["dee"]), ("standardize", ["ana"]),
    ]  # fmt: skip
    first = found.groups[0]
    assert (first.id, first.digest, first.mutant, first.claims) == ("bbbbbb", "bbbbbb1", MUTANT, ["It fails."])
    assert first.sample is None and found.silent == {}


def test_ids_are_as_long_as_they_must_be(mini: Catalog) -> None:
    [files] = mini.ready()
    records = [record(mini, s, wrong(answer=g, group=g)) for s, g in (("ana", "1234567a"), ("bo", "1234567b"))]
    assert [one.id for one in grouped(files, mini.lesson(files), records).groups] == ["1234567a", "1234567b"]


def test_answers_that_were_not_compared_yet_are_in_a_group_by_their_bits(mini: Catalog) -> None:
    [files] = mini.ready()
    records = [record(mini, student, wrong(answer="abcdef1")) for student in ("ana", "bo")]
    assert [one.students for one in grouped(files, mini.lesson(files), records).groups] == [["ana", "bo"]]


def test_what_a_misconception_explains_is_in_no_group_and_what_gives_no_result_is_counted(mini: Catalog) -> None:
    [files] = mini.ready()
    records = [
        record(mini, "ana", wrong(misconception="known", answer="a", group="a")),
        record(mini, "bo", wrong()),
        record(mini, "cy", wrong().model_copy(update={"outcome": Outcome.BLOCKED})),
        record(mini, "dee", wrong("fit_line")),  # it is trained
        record(mini, "eve", wrong(), unreadable="the file could not be read"),
    ]
    found = grouped(files, mini.lesson(files), records)
    assert found.groups == [] and found.silent == {"standardize": ["bo"]}


def test_a_wrong_answer_to_an_exercise_that_the_lesson_no_longer_has_is_in_no_group(mini: Catalog) -> None:
    renamed = wrong(answer="a", group="a").model_copy(update={"name": "renamed"})
    [files] = mini.ready()
    found = grouped(files, mini.lesson(files), [record(mini, "ana", renamed)])
    assert found.groups == [] and found.silent == {}


def test_the_most_frequent_relation_of_a_group_comes_first_with_its_words(mini: Catalog) -> None:
    [files] = mini.ready()
    said = {"negated": "It is minus the value.", "scaled": "It is twice the value."}
    results = [wrong(answer="a", group="a") for _ in range(3)]
    for result, relation in zip(results, ("scaled", "negated", "negated"), strict=True):
        result.checks[0].relation, result.checks[0].relation_text = relation, said[relation]
    records = [record(mini, student, result) for student, result in zip(("ana", "bo", "cy"), results, strict=True)]
    [group] = grouped(files, mini.lesson(files), records).groups
    assert (group.relations, group.compared) == (["negated", "scaled"], "It is minus the value.")


def test_the_section_shows_groups_of_several_students_and_lists_all(mini: Catalog) -> None:
    [files] = mini.ready()
    records = [record(mini, student, wrong(answer="a", group="a", mutant=MUTANT)) for student in ("ana", "bo")]
    records += [record(mini, "cy", wrong(answer="c", group="c")), record(mini, "dee", wrong())]
    section = groups_section([grouped(files, mini.lesson(files), records)], Roster())
    [card] = section.cards
    assert card.title == f"{LESSON}/standardize: 2 students" and card.code == ""
    assert card.facts == [
        "Replies exactly as the solution with `a - b` read as `a + b` in line 4", "Fails: It fails.",
    ]  # fmt: skip
    assert len(section.table.rows) == 2
    assert section.silent == "1 more wrong answer returns nothing that can be compared, such as an error alone."
