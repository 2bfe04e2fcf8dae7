from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.scores import read_scores

from .conftest import LESSON, Store, attempt


def points(folder: Path, **options: Any) -> dict[str, float]:
    [lesson] = read_scores(folder, **options)
    return {student: score.points for student, score in lesson.attempts.items()}


def test_the_last_submission_counts_unless_the_best_is_asked_for(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1), day=1), attempt("ana", (1, 0, 0), day=2))
    assert points(folder) == {"ana": 40}
    assert points(folder, count="best") == {"ana": 100}


def test_of_two_gradings_of_a_submission_the_later_counts(store: Store) -> None:
    again = attempt("ana", (0, 0, 1), day=1, graded_at="2026-11-09T12:00:00Z")
    assert points(store(again, attempt("ana", (1, 1, 1), day=1))) == {"ana": 20}


def test_a_file_that_is_no_attempt_is_left_out_and_told(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / "ana" / "half.json").write_text('{"schema": "blindgrade/attempt/v1", "points"')
    (folder / LESSON / "ana" / "other.json").write_text(json.dumps({"schema": "something/else"}))
    [lesson] = read_scores(folder)
    assert lesson.attempts["ana"].points == 100
    assert [note.split(" cannot")[0].rsplit("/", 1)[1] for note in sorted(lesson.notes)] == ["half.json", "other.json"]


def test_an_attempt_in_another_students_folder_is_left_out(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / "ana").rename(folder / LESSON / "bo")
    [lesson] = read_scores(folder)
    assert lesson.attempts == {}
    assert "is of ana at lesson-1.1.1" in lesson.notes[0]


def test_hidden_names_are_not_attempts(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / ".seed.json").write_text("{}")
    (folder / LESSON / "ana" / ".unfinished.json").write_text("{")
    [lesson] = read_scores(folder)
    assert lesson.notes == []


def test_what_is_not_there_says_what_to_do(store: Store, tmp_path: Path) -> None:
    with pytest.raises(GradebookError, match="--attempts"):
        list(read_scores(tmp_path / "none"))
    with pytest.raises(GradebookError, match="no attempts at lesson-9"):
        list(read_scores(store(attempt("ana", (1, 1, 1))), ["lesson-9"]))
