"""Read one attempt: whole, in part, damaged, in the wrong folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.attempts.reading import AttemptSummary, Misplaced, StoreError, read_attempt
from blindgrade.attempts.store import AttemptStore

from ..graded import LESSON, attempt


@pytest.fixture
def stored(tmp_path: Path) -> AttemptStore:
    store = AttemptStore(tmp_path, durable=False)
    store.write(attempt("ana", (1, 1, 0), key="k"))
    return store


def test_a_summary_has_the_fields_of_the_policy_and_of_exercises_only_the_points(stored: AttemptStore) -> None:
    whole, summary = stored.read(LESSON, "ana", "k"), stored.part(AttemptSummary, LESSON, "ana", "k")
    assert whole is not None
    assert [one.model_dump() for one in summary.exercises] == [
        {"name": one.name, "points": one.points} for one in whole.exercises
    ]
    needed = set(AttemptSummary.model_fields) - {"schema_", "exercises"}
    assert {name: getattr(summary, name) for name in needed} == {name: getattr(whole, name) for name in needed}


def test_a_summary_needs_no_checks_that_can_be_read(stored: AttemptStore) -> None:
    path = stored.path(LESSON, "ana", "k")
    data = json.loads(path.read_text())
    for one in data["exercises"]:
        one["checks"] = "damaged"
    path.write_text(json.dumps(data))
    assert stored.part(AttemptSummary, LESSON, "ana", "k").points == 80
    with pytest.raises(StoreError, match="k.json is no attempt"):
        stored.attempts(LESSON, "ana")
    assert stored.readable(LESSON, "ana") == []


def test_an_attempt_in_another_students_folder_is_named(stored: AttemptStore) -> None:
    (stored.root / LESSON / "ana").rename(stored.root / LESSON / "bo")
    with pytest.raises(Misplaced, match="is an attempt of ana at lesson-1.1.1; move it into that folder"):
        stored.current(LESSON, "bo")
    assert stored.readable(LESSON, "bo") == []
    assert read_attempt(stored.path(LESSON, "bo", "k")).student == "ana"  # a file by itself may have any place


def test_hidden_entries_and_files_are_not_listed(stored: AttemptStore) -> None:
    stored.seed(LESSON)
    stored.keep_blob(LESSON, "expected-0.json", b"{}")
    (stored.root / "README").write_text("")
    (stored.root / LESSON / "ana" / ".half.json").write_text("{")
    (stored.root / LESSON / "ana" / "notes.txt").write_text("")
    assert (stored.lessons(), stored.students(LESSON), stored.keys(LESSON, "ana")) == ([LESSON], ["ana"], ["k"])
    assert (stored.students("lesson-9"), stored.keys(LESSON, "zoe")) == ([], [])
    assert AttemptStore(stored.root / "none").lessons() == []
