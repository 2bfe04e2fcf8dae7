"""What a process of the pool does, with the miniature course and real workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blindgrade.attempts.store import AttemptStore
from blindgrade.service.blobs import packed
from blindgrade.service.feedback_seeds import choice, feedback_seeds
from blindgrade.service.grader.work import GradingWork, Order, expected_name
from blindgrade.service.service import Service

from ...served import LESSON, SOLUTION, case
from ...web_app import Web


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradingWork]:
    web = Web(tmp_path_factory.mktemp("work"))
    found = GradingWork(Service(web.settings))
    yield found
    found.close()
    web.database.close()


def order(work: GradingWork, text: str, purpose: str = "feedback", number: int = 1) -> Order:
    digest, content = packed({"basics.py": text})
    work.service.blobs.keep(digest, content)
    return Order("uuid-1", "ana", LESSON, purpose, number, digest, f"2026-11-30T20:00:0{number}.000000Z")


def test_feedback_and_mark_use_their_own_seeds_and_say_what_they_are_for(work: GradingWork) -> None:
    held_back = work.service.marks.seed(LESSON).seed
    pool = feedback_seeds(work.service.feedback, LESSON)
    feedback, mark = (work.grade(order(work, SOLUTION, purpose)).attempt for purpose in ("feedback", "mark"))
    assert feedback is not None and mark is not None
    assert (feedback.purpose, mark.purpose) == ("feedback", "mark")
    assert mark.seed == held_back
    assert feedback.seed == pool[choice(work.service.secret, "ana", LESSON, 1)].seed
    assert feedback.points == mark.points == 100.0
    assert (feedback.submission.path, mark.student) == ("uuid-1", "ana")
    assert list((work.service.settings.data / "scratch").iterdir()) == []


def test_the_reference_is_computed_once_a_seed_and_another_process_takes_it(work: GradingWork) -> None:
    for number in range(2, 5):
        work.grade(order(work, case("wrong_and_blocked"), number=number))
    first = order(work, SOLUTION)
    name = expected_name(work.grader(work.service.lessons.all[0], work.seed(first)))
    kept = work.service.feedback.blob(LESSON, name)
    assert kept is not None
    other = GradingWork(Service(work.service.settings))
    grader = other.prepared(other.service.lessons.all[0], other.seed(first))
    grader.expected = lambda: pytest.fail("it was computed again")  # type: ignore[method-assign]  # on purpose
    assert other.prepared(other.service.lessons.all[0], other.seed(first)) is grader
    assert work.service.feedback.blob(LESSON, name) == kept
    other.close()


def test_a_grading_that_was_stored_before_the_grader_was_killed_is_found(work: GradingWork) -> None:
    asked = order(work, SOLUTION + "\n# killed\n", number=7)
    done = work.grade(asked)
    assert done.attempt is not None
    AttemptStore(work.service.settings.feedback).write(done.attempt)
    again = work.grade(asked)
    assert (again.state, again.attempt, again.key) == ("unchanged", None, done.key)


def test_what_cannot_be_read_has_a_reason_without_a_path_of_this_machine(work: GradingWork) -> None:
    digest, content = packed({"notes.txt": "no Python"})
    work.service.blobs.keep(digest, content)
    found = work.grade(Order("u", "ana", LESSON, "feedback", 9, digest, "2026-11-30T20:00:09.000000Z"))
    assert found.state == "skipped" and "basics.py" in found.reason
    assert str(work.service.settings.data) not in found.reason and "/tmp" not in found.reason
