"""Decisions on the disk: numbered without gaps, never changed, and what holds after any order of undos."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import ValidationError

from blindgrade.attempts import decisions as module
from blindgrade.attempts.decision import Decision, DecisionKind, Kept, Ruling, in_force, undone_by
from blindgrade.attempts.decisions import AlreadyDecided, CannotUndo, DecisionStore
from blindgrade.attempts.reading import StoreError

KEPT = Kept(submission="s", old_points=5, new_points=3, exercises={"a": 5})


def ruling(kind: str = "excuse", student: str = "ada", lesson: str = "lesson-1", **values: Any) -> Ruling:
    return Ruling.model_validate({"kind": kind, "student": student, "lesson": lesson, "reason": "ill", **values})


def test_a_decision_is_one_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    stored = DecisionStore(tmp_path).add(ruling("extend", days=3), "prof")
    path = tmp_path / ".decisions" / "000001.json"
    data = json.loads(path.read_text())
    assert data == {
        "kind": "extend", "student": "ada", "lesson": "lesson-1", "days": 3, "reason": "ill", "number": 1,
        "at": stored.at, "author": "prof", "previous": "", "schema": "blindgrade/decision/v1",
    }  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600
    assert DecisionStore(tmp_path).all() == [stored]


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "extend"},
        {"kind": "extend", "days": 0},
        {"kind": "extend", "days": 1, "until": "2026-11-01T00:00:00Z"},
        {"kind": "extend", "until": "tomorrow"},
        {"kind": "adjust"},
        {"kind": "adjust", "points": -1},
        {"kind": "adjust", "points": 1, "by": 1},
        {"kind": "adjust", "by": float("nan")},
        {"kind": "adjust", "points": float("inf")},
        {"kind": "excuse", "exercise": "a"},
        {"kind": "excuse", "reason": " \n"},
        {"kind": "excuse", "student": ""},
        {"kind": "keep_higher"},
        {"kind": "undo"},
        {"kind": "excuse", "pionts": 3},
    ],
)
def test_a_ruling_has_the_values_of_its_kind_and_a_reason(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ruling(**values)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"kind": "extend", "days": 1}, "extended by 1 day"),
        ({"kind": "extend", "until": "2026-11-13T23:59:00Z"}, "extended to 2026-11-13T23:59:00Z"),
        ({"kind": "adjust", "points": 5.5}, "set to 5.5"),
        ({"kind": "adjust", "by": -1, "exercise": "base_step"}, "base_step adjusted by -1"),
        ({"kind": "excuse"}, "excused"),
        ({"kind": "keep_higher", "kept": KEPT}, "keeps 5 instead of 3"),
        ({"kind": "undo", "undoes": 3}, "takes back decision 3"),
    ],
)
def test_a_decision_says_what_it_changes(values: dict[str, Any], what: str) -> None:
    assert ruling(**values).what == what


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "extend", "days": 2}, "Your own due date was extended by 2 days"),
        (
            {"kind": "adjust", "points": 5, "exercise": "base_step"},
            "Your instructor set your points of `base_step` to 5",
        ),
        ({"kind": "adjust", "by": -1}, "Your instructor changed your points of this lesson by -1"),
        ({"kind": "excuse"}, "You are excused from this lesson"),
        (
            {"kind": "keep_higher", "kept": KEPT},
            "The checks changed after your work was graded: you keep at least 5 points",
        ),
    ],
)
def test_a_student_reads_the_decision_and_the_reason_only_on_request(values: dict[str, Any], says: str) -> None:
    assert ruling(**values).for_student() == f"{says}."
    assert ruling(**values).for_student(show_reason=True) == f"{says}: ill"


def test_the_same_decision_with_the_same_reason_is_stored_once(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path)
    store.add(ruling("extend", days=3), "prof")
    with pytest.raises(AlreadyDecided, match="this is already decision 1; give another reason"):
        DecisionStore(tmp_path).add(ruling("extend", days=3), "colleague")
    store.add(ruling("extend", days=3, reason="still ill"), "prof")
    store.add(ruling("undo", undoes=1), "prof")
    assert store.add(ruling("extend", days=3), "prof").number == 4  # the first one does not hold any more


def test_a_decision_is_taken_back_by_a_new_one_and_that_one_too(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path)
    first = store.add(ruling(), "prof")
    with pytest.raises(CannotUndo, match="there is no decision 2: there are 1"):
        store.add(ruling("undo", undoes=2), "prof")
    store.add(ruling("undo", undoes=1), "prof")
    assert store.in_force() == [] and undone_by(store.all()) == {1: 2}
    with pytest.raises(CannotUndo, match="decision 1 was taken back by decision 2; --undo 2 brings it back"):
        store.add(ruling("undo", undoes=1, reason="again"), "prof")
    store.add(ruling("undo", undoes=2), "prof")
    assert store.in_force() == [first] and undone_by(store.all()) == {2: 3}
    store.add(ruling("undo", undoes=1, reason="after all"), "prof")
    assert store.in_force() == []


# ------------------------------------------------------------ a damaged record is never passed over


def three(folder: Path) -> DecisionStore:
    store = DecisionStore(folder, durable=False)
    for student in ("ada", "ben", "cem"):
        store.add(ruling(student=student), "prof")
    return DecisionStore(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff", '{"schema": "blindgrade/decision/v2"}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    store = three(tmp_path)
    store.path(2).write_text(content)
    with pytest.raises(StoreError, match=r"000002\.json is damaged; restore it from a copy"):
        store.all()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    store = three(tmp_path)
    store.path(2).unlink()
    with pytest.raises(StoreError, match=r"000002\.json is missing; restore it from a copy"):
        store.all()
    with pytest.raises(StoreError, match="missing"):
        store.add(ruling(student="dan"), "prof")


def test_a_file_under_another_number_is_named(tmp_path: Path) -> None:
    store = three(tmp_path)
    store.path(3).write_bytes(store.path(2).read_bytes())
    with pytest.raises(StoreError, match=r"000003\.json has the number 2"):
        store.all()


def test_a_changed_file_is_named_and_a_change_of_spaces_is_none(tmp_path: Path) -> None:
    store = three(tmp_path)
    content = store.path(2).read_text()
    store.path(2).write_text(json.dumps(json.loads(content)).replace("\n", "\r\n"))
    assert len(DecisionStore(tmp_path).all()) == 3
    store.path(2).write_text(content.replace('"ben"', '"eve"'))
    with pytest.raises(StoreError, match=r"000002\.json was changed after it was stored"):
        store.all()


@pytest.mark.parametrize("number", [1, 2])
def test_a_change_of_any_decision_before_the_newest_is_named(tmp_path: Path, number: int) -> None:
    path = three(tmp_path).path(number)
    path.write_text(path.read_text().replace('"ill"', '"well"'))
    with pytest.raises(StoreError, match=rf"00000{number}\.json was changed after it was stored"):
        DecisionStore(tmp_path).all()


def test_a_strange_file_is_named_and_hidden_ones_are_not_read(tmp_path: Path) -> None:
    store = three(tmp_path)
    (store.folder / ".DS_Store").write_text("")
    assert len(store.all()) == 3
    (store.folder / "000003 (copy).json").write_text("{}")
    with pytest.raises(StoreError, match=r"000003 \(copy\)\.json is no decision; move it out"):
        store.all()


# ------------------------------------------------------------ several writers, and killed ones


def _write(folder: Path, student: str, count: int) -> None:
    store = DecisionStore(folder, durable=False)
    for number in range(count):
        store.add(ruling("adjust", student=student, by=1, reason=f"{number}"), student)


def test_writers_at_the_same_time_never_share_a_number(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(tmp_path, f"s{n}", 25)) for n in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
    assert [one.exitcode for one in writers] == [0] * 4
    found = DecisionStore(tmp_path).all()
    assert [one.number for one in found] == list(range(1, 101))
    for n in range(4):  # nobody's decision is lost, and each writer's are in their order
        assert [one.reason for one in found if one.author == f"s{n}"] == [str(k) for k in range(25)]


def test_a_number_that_another_writer_takes_in_the_last_moment_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = DecisionStore(tmp_path)
    real = module.write_whole
    written: list[Path] = []

    def slow(path: Path, content: str, **how: Any) -> None:
        written.append(path)
        if len(written) == 1:
            other.add(ruling(student="ben"), "colleague")
        real(path, content, **how)

    monkeypatch.setattr(module, "write_whole", slow)
    mine = DecisionStore(tmp_path).add(ruling(), "prof")
    assert mine.number == 2
    assert [one.student for one in DecisionStore(tmp_path).all()] == ["ben", "ada"]


def test_two_undos_of_one_decision_at_the_same_time_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = DecisionStore(tmp_path)
    other.add(ruling(), "prof")
    real = module.write_whole
    first = True

    def slow(path: Path, content: str, **how: Any) -> None:
        nonlocal first
        if first:
            first = False
            other.add(ruling("undo", undoes=1), "colleague")
        real(path, content, **how)

    monkeypatch.setattr(module, "write_whole", slow)
    with pytest.raises(CannotUndo, match="taken back by decision 2"):
        DecisionStore(tmp_path).add(ruling("undo", undoes=1), "prof")


def test_a_writer_that_is_killed_leaves_whole_decisions_without_a_gap(tmp_path: Path) -> None:
    for delay in (0.05, 0.08, 0.11, 0.15):
        child = os.fork()
        if child == 0:
            try:
                _write(tmp_path, f"{time.monotonic()}", 100_000)
            finally:
                os._exit(1)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = DecisionStore(tmp_path).all()
        assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert len(DecisionStore(tmp_path).all()) > 10


def test_unfinished_files_of_killed_writers_are_removed_when_they_are_old(tmp_path: Path) -> None:
    store = three(tmp_path)
    old, fresh = store.folder / ".blindgrade-1", store.folder / ".blindgrade-2"
    old.write_text("{")
    fresh.write_text("{")
    os.utime(old, (0, 0))
    store.add(ruling(student="dan"), "prof")
    assert not old.exists() and fresh.exists()


def test_a_full_disk_stores_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    store = three(tmp_path)
    monkeypatch.setattr("os.link", full)
    with pytest.raises(StoreError, match="cannot be written .No space left on device.; nothing was decided"):
        store.add(ruling(student="dan"), "prof")
    assert sorted(p.name for p in store.folder.iterdir()) == ["000001.json", "000002.json", "000003.json"]


# ------------------------------------------------------------ any order of decisions and undos


class Undos(RuleBasedStateMachine):
    """Decisions and undos against a model that says for each decision whether it holds, by recursion."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Decision] = []

    def _holds(self, number: int) -> bool:
        return not any(one.undoes == number and self._holds(one.number) for one in self.all)

    @rule(student=st.sampled_from("ab"))
    def decide(self, student: str) -> None:
        self._add(ruling("adjust", student=student, by=1))

    @precondition(lambda self: self.all)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        # Two instructors who undo the same decision at once could not both do it, but the rule must hold then, too.
        self._add(ruling("undo", undoes=data.draw(st.integers(1, len(self.all)))))

    def _add(self, one: Ruling) -> None:
        self.all.append(
            Decision(**one.model_dump(), number=len(self.all) + 1, at="2026-11-01T00:00:00Z", author="prof")
        )

    @invariant()
    def the_same_decisions_hold(self) -> None:
        expected = [one for one in self.all if one.kind is not DecisionKind.UNDO and self._holds(one.number)]
        assert in_force(self.all) == expected
        assert {n for n in range(1, len(self.all) + 1) if not self._holds(n)} == set(undone_by(self.all))


TestUndos = Undos.TestCase
TestUndos.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)
