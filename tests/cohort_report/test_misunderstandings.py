"""What to teach: how many hold a misconception, whether the class needs it, and words for it."""

import pytest

from blindgrade.cohort_report.cohort import analyse
from blindgrade.models import CheckResult, Outcome

from .records import F, P, attempt_of, record_of


@pytest.fixture(scope="module")
def lesson(pieces):
    return pieces[0].lesson


def _held(mini, lesson, holders, students):
    records = [record_of(attempt_of(lesson, f"h{n}", 0, (F, P, P), "not_centered")) for n in range(holders)]
    records += [record_of(attempt_of(lesson, f"s{n}", 0, (P, P, P))) for n in range(students - holders)]
    [topic] = analyse(mini.course, {lesson.id: records}, [lesson]).topics
    return topic


def test_a_topic_is_for_the_class_if_its_lower_limit_says_so(mini, lesson):
    few, many = _held(mini, lesson, 4, 60), _held(mini, lesson, 8, 60)
    assert (few.of, few.share.value) == (60, pytest.approx(4 / 60))
    assert few.share.low < 0.05 < many.share.low
    assert not few.for_all and many.for_all


def test_who_overcame_a_misconception_is_not_counted_as_holding_it(mini, lesson):
    first = attempt_of(lesson, "a", 0, (F, P, P), "not_centered")
    record = record_of(first, attempt_of(lesson, "a", 1, (P, P, P)))
    found = analyse(mini.course, {lesson.id: [record]}, [lesson])
    assert found.topics == [] and [h.overcome for h in found.misconceptions] == [["a"]]


def test_the_check_that_shows_it_is_the_one_that_the_fewest_others_fail(mini, lesson):
    def with_two(student, named):
        attempt = attempt_of(lesson, student, 0, (F, P, P))
        attempt.exercises[0].checks = [
            CheckResult(name=name, claim=f"Claim of {name}.", public=public, outcome=Outcome.FAILED, hint="Centre it.",
                        misconception=named)
            for name, public in (("all_fail", True), ("shows_it", True))
            if named or name == "all_fail"
        ]  # fmt: skip
        return record_of(attempt)

    records = [with_two("a", "not_centered"), *(with_two(f"o{n}", None) for n in range(3))]
    [topic] = analyse(mini.course, {lesson.id: records}, [lesson]).topics
    assert (topic.saying.check, topic.saying.claim, topic.saying.public) == ("shows_it", "Claim of shows_it.", True)
    assert topic.held.hint == "Centre it."


def test_the_idea_to_recall_is_the_courses(mini, lesson):
    model = mini.course.mental_models[0]
    first, *others = lesson.exercises
    taught = lesson.model_copy(update={"exercises": [first.model_copy(update={"mental_models": [model.id]}), *others]})
    records = {lesson.id: [record_of(attempt_of(lesson, "a", 0, (F, P, P), "not_centered"))]}
    assert analyse(mini.course, records, [taught]).topics[0].saying.model == model
    bare = lesson.model_copy(update={"exercises": [first.model_copy(update={"mental_models": []}), *others]})
    assert analyse(mini.course, records, [bare]).topics[0].saying.model is None
