"""A run after a change of checks says who gained and lost; a preview stores nothing; kept points are decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.decisions import DecisionStore
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort.changes import Changes, keep_higher

LESSON = "lesson-1.1.1"
STUDENTS = {"ada": "all_right", "ben": "wrong_and_blocked"}
STRICT = ("< 0.01:\n        return", "< -1:\n        return")  # nobody passes fit_line any more
EASY = ("return lesson.standardize(values)", 'return "anything"')  # everybody passes this check


class Course:
    """A course whose checks change, with two students."""

    def __init__(self, kit: Any, tmp_path: Path) -> None:
        self.kit = kit
        self.root = kit.course()
        self.submitted = kit.hand_in(STUDENTS)
        self.store = AttemptStore(tmp_path / "attempts", durable=False)
        self.checks = self.root / "graders" / "lesson_1_1_1_basics" / "checks.py"
        self.text = self.checks.read_text()

    def change(self, *pairs: tuple[str, str]) -> None:
        text = self.text
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.checks.write_text(text)

    def grade(self, **settings: Any) -> Changes:
        changes: Changes = self.kit.grade(self.submitted, self.store, self.root, workers=1, **settings).changes
        return changes

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in self.store.root.rglob("*") if p.is_file()}


def found(changes: Changes) -> dict[str, float]:
    return {one.student: one.difference for one in changes.all}


@pytest.fixture
def lesson(kit: Any, tmp_path: Path) -> Course:
    return Course(kit, tmp_path)


def test_a_change_and_an_undone_change_are_both_said_once(lesson: Course) -> None:
    assert found(lesson.grade()) == {}  # nobody was graded before
    lesson.change(STRICT, EASY)
    before = lesson.files()
    preview = lesson.grade(preview=True)
    assert lesson.files() == before
    changes = lesson.grade()
    assert found(changes) == found(preview) == {"ada": -20, "ben": 24 - 20}
    assert {one.cause.text: dict(one.students) for one in changes.effects()} == {
        f"{LESSON}/fit_line finds_the_line: passed before, failed now": {"ada": -20, "ben": -20},
        f"{LESSON}/standardize has_mean_zero_and_spread_one: failed before, passed now": {"ben": 24},
    }
    assert found(lesson.grade()) == {}
    lesson.change()  # the change is undone: nothing is graded again, and the marks are other ones than before
    assert found(lesson.grade()) == {"ada": 20, "ben": -4}
    assert found(lesson.grade()) == {}


def test_a_run_that_was_killed_at_its_end_says_it_again(lesson: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson.grade()
    lesson.change(STRICT)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("blindgrade.cohort.compared.Comparison.write", killed)
        with pytest.raises(KeyboardInterrupt):
            lesson.grade()
    assert found(lesson.grade()) == {"ada": -20, "ben": -20}


def test_kept_points_are_decisions_that_hold_until_they_are_taken_back(lesson: Course) -> None:
    lesson.grade()
    lesson.change(STRICT)
    lesson.grade()
    again = lesson.grade(again=True)  # after a run without --raise-only
    assert found(again) == {"ada": -20, "ben": -20}
    decisions = DecisionStore(lesson.store.root)
    for ruling in keep_higher(again, "the check came late"):
        decisions.add(ruling, "prof")
    stored = decisions.all()
    assert [(one.student, one.what) for one in stored] == [
        ("ada", "keeps 100 instead of 80"),
        ("ben", "keeps 20 instead of 0"),
    ]
    assert stored[0].kept and stored[0].kept.checks == [f"{LESSON}/fit_line finds_the_line: passed before, failed now"]
    assert found(lesson.grade(again=True)) == {"ada": 0, "ben": 0}
    content = {path.name: path.read_bytes() for path in decisions.folder.iterdir()}
    lesson.change()
    lesson.grade(regrade=True)
    lesson.change(STRICT)
    assert found(lesson.grade()) == {"ada": 0, "ben": 0}  # nobody loses: the decisions hold
    assert {path.name: path.read_bytes() for path in decisions.folder.iterdir()} == content


def test_a_preview_needs_an_earlier_grading_and_leaves_nothing_behind(lesson: Course) -> None:
    with pytest.raises(StoreError, match="was never graded in .*; leave out --preview"):
        lesson.grade(preview=True)
    assert not lesson.store.root.exists()


def test_a_damaged_record_is_named_before_anything_is_graded(lesson: Course) -> None:
    path = lesson.store.root / LESSON / ".compared.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(StoreError, match="compared.json is damaged; delete it and run the command again"):
        lesson.grade()
    assert lesson.store.students(LESSON) == []
