"""One rule says which attempt is the current one, and every command follows it."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.attempts.current import current, newest_gradings
from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort_report.records import read_records
from blindgrade.gradebook.scores import read_scores
from blindgrade.models import Attempt, Policy
from blindgrade.policies import standings

from ..graded import LESSON, attempt, handed_in, marks

TIMES = [None, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00+02:00", "2026-11-02T10:00:00Z"]
GRADED = ["2026-11-03T10:00:00Z", "2026-11-03T10:00:01.5Z", "2026-11-04T10:00:00Z"]


@st.composite
def histories(draw: st.DrawFn) -> list[Attempt]:
    """Submissions of three different contents, at equal, different and unknown times, each graded a few times."""
    number = count()
    made = draw(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(TIMES), st.sampled_from(GRADED)), max_size=8)
    )
    return [
        attempt(
            "ana", (draw(st.sampled_from([0.0, 0.5, 1.0])), 0, 1), submission={"path": "x", "sha256": sha},
            submitted_at=time, graded_at=graded, key=f"{draw(st.integers(0, 9))}{next(number)}",
        )
        for sha, time, graded in made
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(history=histories())
def test_store_standings_gradebook_and_report_agree(history: list[Attempt], tmp_path_factory: object) -> None:
    folder = Path(tmp_path_factory.mktemp("attempts"))  # type: ignore[attr-defined]
    store = AttemptStore(folder, durable=False)
    for one in history:
        store.write(one)
    now = store.current(LESSON, "ana")
    stands = standings("ana", {LESSON: handed_in(*store.attempts(LESSON, "ana"))}, Policy())
    scores = [lesson.attempts["ana"] for lesson in read_scores(marks(folder), Policy()) if lesson.attempts]
    records = read_records(marks(folder), [LESSON], Policy())[LESSON]
    key = [now.key] if now is not None else []
    assert [one.counted for one in stands] == [tuple(key)] * len(key)
    assert [one.key for one in scores] == key
    assert [one.last.key for one in records] == [one.counted.key for one in records] == key
    assert [one.points for one in stands] == [one.points for one in scores] == [one.points for one in records]


@given(history=histories(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_files_are_listed_changes_nothing(history: list[Attempt], order: object) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert newest_gradings(shuffled) == newest_gradings(history)
    assert current(shuffled) == current(history)


def test_the_policy_counts_the_attempt_that_the_report_takes_also_where_files_hold_no_key(tmp_path: Path) -> None:
    """An attempt that another program wrote may lack its key; its file's name is the key."""
    for number, share in enumerate((0.0, 1.0, 0.5)):
        one = attempt("ana", (share, 0, 0), day=number + 1, submission={"path": "x", "sha256": str(number)})
        place = tmp_path / LESSON / "ana" / f"file{number}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(one.model_dump(mode="json", by_alias=True, exclude={"key"})))
    [record] = read_records(marks(tmp_path), [LESSON], Policy(attempts="best"))[LESSON]
    assert (record.standing.counted, record.counted.points) == (("file1",), 40)


def stored(content: str, submitted: str | None, graded: str, key: str) -> Attempt:
    where = {"path": "x", "sha256": content}
    return attempt("ana", (1, 0, 0), submission=where, submitted_at=submitted, graded_at=graded, key=key)


def test_where_no_time_is_known_the_submission_that_was_graded_last_is_the_current_one() -> None:
    """Its name must not decide: keys are digests."""
    first, last = stored("a", None, GRADED[0], "9"), stored("b", None, GRADED[2], "1")
    assert current([last, first]) == last
    assert newest_gradings([last, first]) == [first, last]


def test_a_later_submission_stays_the_current_one_when_an_earlier_one_is_graded_again() -> None:
    early, late = stored("a", TIMES[1], GRADED[2], "9"), stored("b", TIMES[3], GRADED[0], "1")
    assert current([late, early]) == late


def test_files_whose_time_became_known_later_are_one_submission() -> None:
    before, after = stored("a", None, GRADED[0], "1"), stored("a", TIMES[1], GRADED[2], "2")
    other = stored("b", None, GRADED[1], "3")
    assert newest_gradings([before, after, other]) == [other, after]


def test_equal_files_at_two_times_are_two_submissions_and_of_each_the_newest_grading_counts() -> None:
    history = [stored("a", TIMES[n], GRADED[g], f"{n}{g}") for n, g in ((1, 0), (1, 2), (3, 1))]
    assert [one.key for one in newest_gradings(history)] == ["12", "31"]
