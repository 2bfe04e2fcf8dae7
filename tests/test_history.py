from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from blindgrade import history as module
from blindgrade.history import Progress
from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef


def attempt(*names: str, outcome: Outcome = Outcome.PASSED, at: str = "2026-01-01T00:00:00Z") -> Attempt:
    results = [
        ExerciseResult(name=n, title=n, outcome=outcome, points=1, max_points=1, concepts=[], checks=[], output="out")
        for n in names
    ]
    return Attempt(
        lesson="lesson-1.1.1", title="T", points=1, max_points=1, submission=SubmissionRef(path="p", sha256="d"),
        graded_at=at, seed=1, reference="key", sandbox="process", seconds=0.0, exercises=results,
    )  # fmt: skip


def test_the_last_result_of_each_exercise_is_known(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "local")
    assert progress.record(attempt("one", "two", outcome=Outcome.FAILED))
    assert progress.record(attempt("two", at="2026-01-02T00:00:00Z"))
    lesson = progress.lesson("lesson-1.1.1")
    assert {name: kept.result.outcome for name, kept in lesson.results.items()} == {"one": "failed", "two": "passed"}
    assert lesson.graded_at == "2026-01-02T00:00:00Z"
    assert [len(a.exercises) for a in progress.attempts("lesson-1.1.1")] == [2, 1]


def test_prints_of_the_code_are_not_kept(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    given = attempt("one")
    progress.record(given)
    assert progress.attempts("lesson-1.1.1")[0].exercises[0].output == ""
    assert given.exercises[0].output == "out"


def test_the_number_of_shown_hints_never_decreases(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    for step in (1, 3, 2):
        progress.climb("lesson-1.1.1", "one", step)
    progress.record(attempt("one"))
    assert progress.lesson("lesson-1.1.1").hints == {"one": 3}


@pytest.mark.parametrize("before", [None, "*\n"])
def test_git_sees_the_record_of_a_release_and_nothing_of_the_history(tmp_path: Path, before: str | None) -> None:
    local = tmp_path / "local"
    (local / "base" / "exercises").mkdir(parents=True)
    for name in ("released.json", "base/exercises/a.py"):
        (local / name).write_text("a record")
    if before:
        (local / ".gitignore").write_text(before)  # an earlier version wrote it
    Progress(local).record(attempt("one"))
    Progress(local).look_at("lesson-1.1.1", "one")
    git = ["git", "-c", "init.defaultBranch=main", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True).stdout
    assert listed.splitlines() == ["?? local/base/exercises/a.py", "?? local/released.json"]


def test_a_gitignore_that_somebody_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    Progress(tmp_path).record(attempt("one"))
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_the_oldest_attempts_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ATTEMPTS", 2)
    progress = Progress(tmp_path)
    for day in (1, 2, 3):
        progress.record(attempt("one", at=f"2026-01-0{day}T00:00:00Z"))
    assert [a.graded_at[9] for a in progress.attempts("lesson-1.1.1")] == ["2", "3"]


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file with the folder's name")
    progress = Progress(tmp_path / "local")
    assert not progress.record(attempt("one"))
    assert not progress.climb("lesson-1.1.1", "one", 1)
    assert not progress.look_at("lesson-1.1.1", "one")
    assert progress.lesson("lesson-1.1.1").results == {}


def test_a_file_that_cannot_be_read_is_treated_as_missing(tmp_path: Path) -> None:
    (tmp_path / "lesson-1.1.1.json").write_text("{")
    progress = Progress(tmp_path)
    assert progress.lesson("lesson-1.1.1").results == {}
    assert progress.record(attempt("one"))
    assert set(progress.lesson("lesson-1.1.1").results) == {"one"}


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(tmp_path)
    progress.record(attempt("one"))

    def no_room(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "replace", no_room)
    assert not progress.record(attempt("two"))
    assert set(progress.lesson("lesson-1.1.1").results) == {"one"}
    assert [p.name for p in tmp_path.rglob("*") if p.name.startswith(".lesson")] == []


def test_the_exercise_that_the_screen_named_is_known(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    assert progress.focus() is None
    progress.look_at("lesson-1.1.1", "one")
    progress.look_at("lesson-1.1.1", "two")
    focus = progress.focus()
    assert focus is not None and (focus.lesson, focus.exercise) == ("lesson-1.1.1", "two")
