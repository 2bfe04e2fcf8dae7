"""Seeds for feedback, and the one that is held back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.service.feedback_seeds import POOL, choice, feedback_seeds

SECRET = b"s" * 32


def test_the_pool_is_drawn_once_and_never_has_the_seed_of_the_mark(tmp_path: Path) -> None:
    marks, feedback = AttemptStore(tmp_path), AttemptStore(tmp_path / ".feedback")
    drawn = feedback_seeds(feedback, "lesson-1")
    assert feedback_seeds(feedback, "lesson-1") == drawn
    assert len({one.seed for one in drawn}) == POOL
    assert marks.seed("lesson-1").seed not in {one.seed for one in drawn}
    assert feedback_seeds(feedback, "lesson-2") != drawn
    assert marks.lessons() == ["lesson-1"]  # no reader of marks sees the folder of the feedback


def test_a_damaged_pool_is_named_and_not_replaced_in_silence(tmp_path: Path) -> None:
    feedback = AttemptStore(tmp_path)
    feedback_seeds(feedback, "lesson-1")
    feedback.keep_blob("lesson-1", "seeds.json", b"[]")
    with pytest.raises(StoreError, match="damaged"):
        feedback_seeds(feedback, "lesson-1")


def test_the_choice_is_the_same_again_and_even_over_students_and_numbers() -> None:
    assert choice(SECRET, "ana", "lesson-1", 3) == choice(SECRET, "ana", "lesson-1", 3)
    found = Counter(choice(SECRET, f"s{n}", "lesson-1", k) for n in range(100) for k in range(16))
    assert set(found) == set(range(POOL)) and min(found.values()) > 60 and max(found.values()) < 140
    one = [choice(SECRET, "ana", "lesson-1", n) for n in range(16)]
    other = [choice(b"t" * 32, "ana", "lesson-1", n) for n in range(16)]
    assert one != other and len(set(one)) > 6
