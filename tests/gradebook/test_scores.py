from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.scores import LessonScores, read_scores
from blindgrade.models import Late, Policy

from ..graded import LESSON, Store, attempt, marks

DUE = datetime(2026, 11, 2, tzinfo=UTC)


def points(folder: Path, **policy: Any) -> dict[str, float]:
    [lesson] = read_scores(marks(folder), Policy(**policy))
    return {student: score.points for student, score in lesson.attempts.items()}


def test_the_last_submission_counts_unless_the_policy_takes_the_best(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1), day=1), attempt("ana", (1, 0, 0), day=2))
    assert points(folder) == {"ana": 40}
    assert points(folder, attempts="best") == {"ana": 100}


def test_of_two_gradings_of_a_submission_the_later_counts(store: Store) -> None:
    again = attempt("ana", (0, 0, 1), day=1, graded_at="2026-11-09T12:00:00Z")
    assert points(store(again, attempt("ana", (1, 1, 1), day=1))) == {"ana": 20}


def test_lateness_is_taken_off_the_points_and_not_off_the_exercises(store: Store) -> None:
    policy = Policy(due={LESSON: DUE}, late=Late(penalty=0.25))
    [lesson] = read_scores(marks(store(attempt("ana", (1, 1, 1), day=3))), policy)
    ana = lesson.attempts["ana"]
    assert (ana.points, ana.earned, ana.days_late) == (50, 100, 2)
    assert [result.points for result in ana.exercises] == [40, 40, 20]


def test_the_mean_is_the_mean_of_each_exercise_and_texts_are_of_the_latest(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 0.5), day=1), attempt("ana", (0, 1, 1), day=2))
    [lesson] = read_scores(marks(folder), Policy(attempts="mean"))
    ana = lesson.attempts["ana"]
    assert ana.points == ana.earned == 75
    assert [(r.points, str(r.outcome)) for r in ana.exercises] == [(20, "failed"), (40, "passed"), (15, "passed")]


def test_late_days_of_the_bank_are_spent_in_lessons_that_are_not_asked_for(store: Store) -> None:
    other = {"lesson": "lesson-1.1.0"}
    folder = store(attempt("ana", (1, 1, 1), day=3), attempt("ana", (1, 1, 1), day=3, **other))
    policy = Policy(due={"lesson-1.1.0": DUE, LESSON: DUE}, late=Late(penalty=0.25, bank=3))

    def asked(*lessons: str) -> list[LessonScores]:
        return list(read_scores(marks(folder), policy, lessons))

    assert [s.attempts["ana"].points for s in asked(LESSON)] == [75]
    assert [s.attempts["ana"].points for s in asked(LESSON, "lesson-1.1.0")] == [75, 100]
    (folder / "lesson-1.1.0" / "ana" / "half.json").write_text("{")
    assert [len(s.notes) for s in asked(LESSON)] == [1]


def test_results_that_cannot_be_read_leave_the_student_out(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)), attempt("bo", (1, 1, 1)))
    [file] = (folder / LESSON / "ana").iterdir()
    file.write_text(file.read_text().replace('"exercises":', '"other":'))
    [lesson] = read_scores(marks(folder), Policy())
    assert list(lesson.attempts) == ["bo"]
    assert "cannot be read" in lesson.notes[0]


def test_a_file_that_is_no_attempt_is_left_out_with_a_note(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / "ana" / "half.json").write_text('{"schema": "blindgrade/attempt/v1", "points"')
    (folder / LESSON / "ana" / "other.json").write_text(json.dumps({"schema": "something/else"}))
    [lesson] = read_scores(marks(folder), Policy())
    assert lesson.attempts["ana"].points == 100
    assert [note.split(" cannot")[0].rsplit("/", 1)[1] for note in sorted(lesson.notes)] == ["half.json", "other.json"]


def test_an_attempt_in_another_students_folder_is_left_out(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / "ana").rename(folder / LESSON / "bo")
    [lesson] = read_scores(marks(folder), Policy())
    assert lesson.attempts == {}
    assert "is an attempt of ana at lesson-1.1.1" in lesson.notes[0]


def test_hidden_names_are_not_attempts(store: Store) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    (folder / LESSON / ".seed.json").write_text("{}")
    (folder / LESSON / "ana" / ".unfinished.json").write_text("{")
    [lesson] = read_scores(marks(folder), Policy())
    assert lesson.notes == []


def test_a_missing_folder_or_lesson_says_what_to_do(store: Store, tmp_path: Path) -> None:
    with pytest.raises(GradebookError, match="--attempts"):
        list(read_scores(marks(tmp_path / "none"), Policy()))
    with pytest.raises(GradebookError, match="no attempts at lesson-9"):
        list(read_scores(marks(store(attempt("ana", (1, 1, 1)))), Policy(), ["lesson-9"]))
