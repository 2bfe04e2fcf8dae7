"""Gradescope's record by the policy of course.toml, read as Gradescope shows it to a student."""

from __future__ import annotations

import pytest

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Feedback, Grading, LessonFeedback, Level, Outcome
from blindgrade.systems.gradescope.results import PARTLY, PUBLISHED, results

from ...graded import LESSON, attempt, exercise

LATER = "Your submission was graded. Your instructor shows the result later."


def graded() -> Attempt:
    """One exercise with a public check that passed and a hidden one that failed, and one that passed."""
    checks = [
        CheckResult(name="a", claim="The public claim.", public=True, outcome=Outcome.PASSED),
        CheckResult(name="b", claim="The hidden claim.", public=False, outcome=Outcome.FAILED, message="expected 0.7",
                    hint="Look."),
    ]  # fmt: skip
    first = exercise("standardize", 0.5, checks=checks, output="printed")
    whole = attempt("ana", (0.5, 1, 1))
    return whole.model_copy(update={"exercises": [first, exercise("correlation", 1)], "points": 60.0})


Seen = tuple[list[str], str, bool]  # lines of the entries, the text at the top, and whether the total is shown


def seen(before: Level, after: Level, *, due: bool = False, hidden: str = "after_due_date", **more: object) -> Seen:
    """What Gradescope shows a student. It shows the total if no entry waits; a `hidden` entry does not count."""
    feedback = Feedback(before=before, after=after, **more)  # type: ignore[arg-type]
    record = results(Grading.of([graded()]), hidden, 1.0, feedback)  # type: ignore[arg-type]
    shown = {"visible", "after_due_date"} if due else {"visible"}
    entries = [one for one in record["tests"] if one["visibility"] in shown]
    waiting = [one for one in record["tests"] if one["visibility"] not in (*shown, "hidden")]
    lines = [f"{one.get('number', '')} {one['name']} {one.get('score', '-')}: {one['output']}" for one in entries]
    return lines, record["output"], not waiting


HEADS = ["1 standardize: One scale -: not passed", "2 correlation: Two rows -: passed"]
COUNTED = [
    "1 standardize: One scale 20.0: not passed: 1 of 2 checks passed",
    "2 correlation: Two rows 40.0: passed: 1 of 1 checks passed",
]
CHECKED = [
    "1 standardize: One scale 20.0: failed",
    "1.1 The public claim. -: Your code printed:\nprinted",
    "1.2 The hidden claim. -: Hint: Look.",
    "2 correlation: Two rows 40.0: passed",
    "2.1 The claim <of> a check. -: ",
]
ENTRIES = {Level.NOTHING: [], Level.TOTAL: [], Level.EXERCISES: HEADS, Level.COUNTS: COUNTED, Level.CHECKS: CHECKED}
SAID = {
    Level.NOTHING: LATER,
    Level.TOTAL: "60 of 100 points.",
    Level.EXERCISES: "1 of 2 exercises passed.",
    Level.COUNTS: "60 of 100 points.",
    Level.CHECKS: "60 of 100 points.",
}


@pytest.mark.parametrize("after", Level)
@pytest.mark.parametrize("before", Level)
def test_a_student_reads_each_level_in_its_time(before: Level, after: Level) -> None:
    lines, said, total = seen(before, after)
    assert (lines, said) == (ENTRIES[before], SAID[before])
    assert total == (before is after and before not in (Level.NOTHING, Level.EXERCISES))
    lines, _, total = seen(before, after, due=True)
    later = [f" {LESSON} -: {SAID[after]}", *ENTRIES[after]] if before is not after else []
    assert lines == [*ENTRIES[before], *later]
    assert total == (after not in (Level.NOTHING, Level.EXERCISES))


def test_a_total_that_the_policy_never_shows_waits_until_the_grades_are_published() -> None:
    record = results(Grading.of([graded()]), "after_due_date", 1.0, Feedback(before=Level.NOTHING, after=Level.NOTHING))
    assert [(one["output"], one["visibility"]) for one in record["tests"]] == [(PUBLISHED, "after_published")]


@pytest.mark.parametrize(("hidden", "later"), [("visible", "after_due_date"), ("after_published", "after_published")])
def test_the_archives_setting_says_when_the_later_level_is_shown_but_never_at_once(hidden: str, later: str) -> None:
    feedback = Feedback(before=Level.TOTAL, after=Level.CHECKS)
    record = results(Grading.of([graded()]), hidden, 1.0, feedback)  # type: ignore[arg-type]
    assert {one["visibility"] for one in record["tests"]} == {later}


def test_a_lesson_may_have_levels_of_its_own() -> None:
    lessons = {LESSON: LessonFeedback(before=Level.COUNTS)}
    assert seen(Level.NOTHING, Level.CHECKS, lessons=lessons)[0] == COUNTED


@pytest.mark.parametrize("level", Level)
def test_a_check_that_the_grader_could_not_judge_is_explained_where_exercises_are_shown(level: Level) -> None:
    check = CheckResult(name="a", claim="A claim.", public=False, outcome=Outcome.ERROR, message="reference: 0.7")
    result = ExerciseResult(
        name="e", title="E", outcome=Outcome.ERROR, points=4, max_points=4, concepts=[], checks=[check]
    )
    whole = graded().model_copy(update={"exercises": [result]})
    record = results(Grading.of([whole]), "after_due_date", 1.0, Feedback(before=level, after=level))
    assert (PARTLY in record["output"]) == (level in (Level.EXERCISES, Level.COUNTS, Level.CHECKS))
    assert "0.7" not in str(record)
