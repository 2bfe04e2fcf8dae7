"""Marks with decisions: against a model that computes them from the raw facts, and case by case."""

from __future__ import annotations

import math
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from blindgrade.attempts.decision import Ruling
from blindgrade.attempts.decisions import AlreadyDecided, CannotUndo, DecisionStore
from blindgrade.attempts.effects import UNDECIDED, Decisions, by_student, last_due
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.models import Attempt, ExerciseResult, Late, Outcome, Policy, SubmissionRef
from blindgrade.policies import Standing, standings

START = datetime(2026, 11, 1, tzinfo=UTC)
DUE = {"l1": START + timedelta(days=10), "l2": START + timedelta(days=12)}
MAX = {"a": 6.0, "b": 4.0}


def version(points: dict[str, float], day: float, sha: str = "s", lesson: str = "l1") -> HandedIn[Attempt]:
    time = (START + timedelta(days=day)).isoformat()
    exercises = [
        ExerciseResult(
            name=name, title="", outcome=Outcome.FAILED, points=one, max_points=MAX[name], concepts=[], checks=[]
        )
        for name, one in points.items()
    ]
    values: dict[str, Any] = {
        "lesson": lesson, "title": "", "points": sum(points.values()), "max_points": 10, "student": "ada",
        "submission": SubmissionRef(path="x", sha256=sha), "graded_at": "2026-12-24T00:00:00Z", "seed": 1,
        "reference": "live", "sandbox": "", "seconds": 0, "exercises": exercises, "submitted_at": time, "key": sha,
    }  # fmt: skip
    return HandedIn(Attempt.model_validate(values), time)


def decided(*rulings: dict[str, Any]) -> Decisions:
    with tempfile.TemporaryDirectory() as folder:
        store = DecisionStore(Path(folder), durable=False)
        for number, one in enumerate(rulings):
            values = {"student": "ada", "lesson": "l1", "reason": f"{number}", **one}
            store.add(Ruling.model_validate(values), "prof")
        return by_student(store.in_force()).get("ada", UNDECIDED)


def stand(*rulings: dict[str, Any], policy: Policy | None = None, versions: Any = None) -> Standing:
    policy = policy or Policy(due=DUE, late=Late(penalty=0.1))
    given = {"l1": versions} if versions is not None else {"l1": [version({"a": 6, "b": 2}, 11.5)]}
    return standings("ada", given, policy, decisions=decided(*rulings))[0]


# ------------------------------------------------------------ case by case


def test_without_decisions_nothing_changes() -> None:
    found = stand()
    assert (found.points, found.earned, found.days_late, found.decisions) == (6.4, 8, 2, ())
    assert (found.excused, found.extended_to, found.adjusted, found.exercises) == (False, None, 0, {})


def test_late_days_count_from_the_extended_due_date() -> None:
    one_day = stand({"kind": "extend", "days": 1})
    assert (one_day.days_late, one_day.points, one_day.extended_to) == (1, 7.2, "2026-11-12T00:00:00Z")
    two = stand({"kind": "extend", "days": 1}, {"kind": "extend", "days": 1})
    assert (two.days_late, two.points) == (0, 8)
    until = stand({"kind": "extend", "days": 5}, {"kind": "extend", "until": "2026-11-12T00:00:00Z"})
    assert (until.days_late, until.extended_to) == (1, "2026-11-12T00:00:00Z")
    more = stand({"kind": "extend", "until": "2026-11-11T12:00:00Z"}, {"kind": "extend", "days": 1})
    assert (more.days_late, more.extended_to) == (0, "2026-11-12T12:00:00Z")


def test_an_extension_is_never_earlier_than_the_due_date_of_the_others() -> None:
    found = stand({"kind": "extend", "until": "2026-11-02T00:00:00Z"})
    assert (found.days_late, found.extended_to) == (2, None)


def test_the_last_due_date_is_that_of_the_student_with_the_longest_extension() -> None:
    one, other = decided({"kind": "extend", "days": 2}), decided({"kind": "excuse"})
    assert last_due("l1", DUE["l1"], [one, other]) == DUE["l1"] + timedelta(days=2)
    assert last_due("l1", DUE["l1"], []) == DUE["l1"]
    assert last_due("l2", DUE["l2"], [one]) == DUE["l2"]
    assert last_due("l1", None, [one]) is None


def test_an_extension_changes_the_order_in_which_lessons_use_the_bank() -> None:
    policy = Policy(due=DUE, late=Late(penalty=0.1, bank=2))
    handed_in = {"l1": [version({"a": 6, "b": 4}, 15.5)], "l2": [version({"a": 6, "b": 4}, 13.5, lesson="l2")]}
    before = standings("ada", handed_in, policy)
    assert [(s.lesson, s.days_late, s.from_bank, s.points) for s in before] == [("l1", 6, 2, 6), ("l2", 2, 0, 8)]
    after = standings("ada", handed_in, policy, decisions=decided({"kind": "extend", "days": 4}))
    assert [(s.lesson, s.days_late, s.from_bank, s.points) for s in after] == [("l2", 2, 2, 10), ("l1", 2, 0, 8)]


def test_an_extension_cancels_a_late_marker_of_a_system_that_does_not_know_it() -> None:
    late = version({"a": 6, "b": 4}, 0)
    marked = [HandedIn(late.attempt, None, late=True)]
    assert stand(versions=marked).days_late == 1
    assert stand({"kind": "extend", "days": 1}, versions=marked).days_late == 0


def test_an_exercise_is_adjusted_before_lateness_and_a_lesson_after_it() -> None:
    found = stand({"kind": "adjust", "exercise": "b", "by": 2})
    assert (found.earned, found.points, found.adjusted, found.exercises) == (10, 8, 0, {"b": 4})
    found = stand({"kind": "adjust", "by": 2})
    assert (found.earned, found.points, found.adjusted, found.exercises) == (8, 8.4, 2, {})
    found = stand({"kind": "adjust", "points": 9})
    assert (found.earned, found.points, found.adjusted) == (8, 9, 2.6)


def test_points_that_are_set_replace_earlier_adjustments() -> None:
    by, to = {"kind": "adjust", "by": 3}, {"kind": "adjust", "points": 1}
    assert stand(by, to).points == 1
    assert stand(to, by).points == 4
    assert stand(by, {**by, "by": 1}).points == pytest.approx(10.4)


def test_points_are_never_below_zero_and_may_be_above_the_maximum() -> None:
    assert stand({"kind": "adjust", "by": -50}).points == 0
    assert stand({"kind": "adjust", "exercise": "a", "by": -50}).earned == 2
    assert stand({"kind": "adjust", "exercise": "b", "points": 9}).earned == 15
    assert stand({"kind": "adjust", "by": 50}).points == 56.4


def test_differences_have_no_order() -> None:
    down, up = {"kind": "adjust", "by": -9}, {"kind": "adjust", "by": 4}
    assert stand(down, up).points == stand(up, down).points == pytest.approx(1.4)


def test_with_mean_and_best_an_exercise_is_adjusted_in_every_version_and_a_lesson_once() -> None:
    versions = [version({"a": 6, "b": 0}, 1, "s1"), version({"a": 2, "b": 4}, 2, "s2")]
    rulings = [{"kind": "adjust", "exercise": "b", "points": 2}, {"kind": "adjust", "by": 1}]
    mean = stand(*rulings, policy=Policy(attempts="mean"), versions=versions)
    assert (mean.points, mean.earned, mean.exercises) == (7, 6, {"b": 2})
    best = stand(*rulings, policy=Policy(attempts="best"), versions=versions)
    assert (best.points, best.counted) == (9, ("s1",))


def test_an_excused_student_has_no_mark_and_uses_no_bank() -> None:
    policy = Policy(due=DUE, late=Late(penalty=0.1, bank=2))
    handed_in = {"l1": [version({"a": 6, "b": 4}, 11.5)], "l2": [version({"a": 6, "b": 4}, 13.5, lesson="l2")]}
    l1, l2 = standings("ada", handed_in, policy, decisions=decided({"kind": "excuse"}, {"kind": "adjust", "by": 3}))
    assert (l1.excused, l1.points, l1.max_points, l1.counted, l1.from_bank) == (True, 0, 10, (), 0)
    assert (l2.from_bank, l2.points) == (2, 10)


def test_a_mark_can_come_from_a_decision_alone() -> None:
    policy = Policy(due=DUE)
    assert standings("ada", {}, policy, decisions=decided({"kind": "extend", "days": 1})) == []
    [excused] = standings("ada", {}, policy, decisions=decided({"kind": "excuse"}))
    assert (excused.excused, excused.counted) == (True, ())
    [oral] = standings("ada", {}, policy, decisions=decided({"kind": "adjust", "exercise": "a", "points": 5}))
    assert (oral.points, oral.earned, oral.counted, oral.exercises) == (5, 5, (), {"a": 5})


def test_kept_points_belong_to_one_submission_and_the_higher_ones_count() -> None:
    kept = {"submission": "s1", "old_points": 8, "new_points": 5, "exercises": {"a": 6, "b": 2}}
    keep = {"kind": "keep_higher", "kept": kept}
    lower, higher = version({"a": 3, "b": 2}, 1, "s1"), version({"a": 5, "b": 4}, 1, "s1")
    found = stand(keep, versions=[lower])
    assert (found.points, found.earned, found.exercises) == (8, 8, {"a": 6, "b": 2})
    assert stand(keep, versions=[higher]).points == 9
    assert stand(keep, versions=[lower, version({"a": 1, "b": 0}, 2, "s2")]).points == 1
    assert stand(keep, {"kind": "adjust", "exercise": "b", "by": 1}, versions=[lower]).points == 9
    assert stand(keep, {"kind": "undo", "undoes": 1}, versions=[lower]).points == 5


# ------------------------------------------------------------ against a model

points = st.sampled_from([0.0, 1.0, 2.5, 4.0])
lessons = st.sampled_from(["l1", "l2"])


class Marks(RuleBasedStateMachine):
    """Hand-ins, decisions and undos in any order. The model has only the list of raw facts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = DecisionStore(Path(self.folder.name), durable=False)
        self.facts: list[dict[str, Any]] = []
        self.versions: dict[str, list[tuple[dict[str, float], float, str]]] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(
        attempts=st.sampled_from(["best", "last", "mean"]), bank=st.integers(0, 3), most=st.sampled_from([None, 4])
    )
    def begin(self, attempts: Any, bank: int, most: int | None) -> None:
        self.policy = Policy(attempts=attempts, due=DUE, late=Late(penalty=0.125, bank=bank, days=most))

    @rule(lesson=lessons, a=points, b=points, day=st.integers(8, 20))
    def hand_in(self, lesson: str, a: float, b: float, day: int) -> None:
        sha = f"s{len(self.versions.get(lesson, []))}"
        self.versions.setdefault(lesson, []).append(({"a": a, "b": b}, day + 0.5, sha))

    @rule(lesson=lessons, days=st.integers(1, 4))
    def extend_by(self, lesson: str, days: int) -> None:
        self._decide(lesson, kind="extend", days=days)

    @rule(lesson=lessons, day=st.integers(5, 20))
    def extend_until(self, lesson: str, day: int) -> None:
        self._decide(lesson, kind="extend", until=(START + timedelta(days=day)).isoformat())

    @rule(lesson=lessons, exercise=st.sampled_from([None, "a", "b"]), by=st.sampled_from([-6.0, -1.0, 0.5, 2.0]))
    def adjust_by(self, lesson: str, exercise: str | None, by: float) -> None:
        self._decide(lesson, kind="adjust", exercise=exercise, by=by)

    @rule(lesson=lessons, exercise=st.sampled_from([None, "a", "b"]), to=st.sampled_from([0.0, 3.0, 12.0]))
    def adjust_to(self, lesson: str, exercise: str | None, to: float) -> None:
        self._decide(lesson, kind="adjust", exercise=exercise, points=to)

    @rule(lesson=lessons)
    def excuse(self, lesson: str) -> None:
        self._decide(lesson, kind="excuse")

    @rule(lesson=lessons, number=st.integers(0, 3), a=points, b=points)
    def keep(self, lesson: str, number: int, a: float, b: float) -> None:
        kept = {"submission": f"s{number}", "old_points": a + b, "new_points": 0, "exercises": {"a": a, "b": b}}
        self._decide(lesson, kind="keep_higher", kept=kept)

    @precondition(lambda self: self.facts)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(self.facts)))
        holds = self._holds(number)
        try:
            self._decide(self.facts[number - 1]["lesson"], kind="undo", undoes=number)
        except CannotUndo:
            assert not holds
        else:
            assert holds

    def _decide(self, lesson: str, **values: Any) -> None:
        one = {"student": "ada", "lesson": lesson, "reason": "r", **values}
        try:
            stored = self.store.add(Ruling.model_validate(one), "prof")
        except AlreadyDecided as error:
            assert {name: self.facts[error.decision.number - 1].get(name) for name in one} == one
            return
        self.facts.append(one)
        assert stored.number == len(self.facts)

    # ---------------------------------------- the model

    def _holds(self, number: int) -> bool:
        return not any(f.get("undoes") == number and self._holds(n) for n, f in enumerate(self.facts, start=1))

    def _own(self, lesson: str, kind: str) -> list[dict[str, Any]]:
        numbered = enumerate(self.facts, start=1)
        return [f for n, f in numbered if f["kind"] == kind and f["lesson"] == lesson and self._holds(n)]

    def _due(self, lesson: str) -> datetime:
        due = DUE[lesson]
        for one in self._own(lesson, "extend"):
            due = datetime.fromisoformat(one["until"]) if "until" in one else due + timedelta(days=one["days"])
        return max(due, DUE[lesson])

    def _adjust(self, value: float, lesson: str, exercise: str | None) -> float:
        for one in self._own(lesson, "adjust"):
            if one["exercise"] == exercise:
                value = one["points"] if "points" in one else value + one["by"]
        return max(0.0, value)

    def _earned(self, lesson: str, got: dict[str, float], sha: str) -> float:
        for one in self._own(lesson, "keep_higher"):
            if one["kept"]["submission"] == sha and one["kept"]["old_points"] > sum(got.values()):
                got = one["kept"]["exercises"]
        return sum(self._adjust(got[name], lesson, name) for name in ("a", "b"))

    def _model(self) -> dict[str, float | None]:
        marks: dict[str, float | None] = {}
        bank, late = self.policy.late.bank, self.policy.late
        for lesson in sorted(DUE, key=lambda one: (self._due(one), one)):
            if self._own(lesson, "excuse"):
                marks[lesson] = None
                continue
            each: list[tuple[float, int]] = []
            for got, day, sha in self.versions.get(lesson, []):
                over = (START + timedelta(days=day) - self._due(lesson)) / timedelta(days=1)
                days = max(0, math.ceil(over))
                free = min(days, bank)
                worth = self._earned(lesson, got, sha) * max(0.0, 1 - late.penalty * (days - free))
                each.append((0.0, 0) if late.days is not None and days > late.days else (worth, free))
            if not each:
                if self._own(lesson, "adjust"):
                    marks[lesson] = self._adjust(self._earned(lesson, {"a": 0, "b": 0}, ""), lesson, None)
                continue
            if self.policy.attempts == "best":
                each = [max(each, key=lambda one: (one[0], -one[1]))]
            elif self.policy.attempts == "last":
                each = each[-1:]
            bank -= max(free for _, free in each)
            marks[lesson] = self._adjust(sum(worth for worth, _ in each) / len(each), lesson, None)
        return marks

    @invariant()
    def the_marks_are_the_models(self) -> None:
        if not hasattr(self, "policy"):
            return
        handed_in = {
            lesson: [version(*one, lesson=lesson) for one in versions] for lesson, versions in self.versions.items()
        }
        decisions = by_student(DecisionStore(Path(self.folder.name)).in_force()).get("ada", UNDECIDED)
        found = standings("ada", handed_in, self.policy, decisions=decisions)
        marks = {one.lesson: None if one.excused else one.points for one in found}
        assert marks == pytest.approx(self._model(), abs=1e-5)


TestMarks = Marks.TestCase
TestMarks.settings = settings(max_examples=120, stateful_step_count=20, deadline=None)
