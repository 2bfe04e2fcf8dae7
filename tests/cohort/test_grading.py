"""One lesson for many submissions: the warm process, JSON for another machine, and the attempts that are reused."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blindgrade.attempts.run_seed import RunSeed
from blindgrade.attempts.store import AttemptStore
from blindgrade.cohort.grading import LessonGrader, Plan, Result, Warm, comparable
from blindgrade.engine.judging import judged_before
from blindgrade.models import Outcome
from blindgrade.submitted import read_submitted


@pytest.fixture
def grader(kit: Any) -> Iterator[LessonGrader]:
    targets = kit.targets()
    warm = Warm(targets, recycle=2)
    yield LessonGrader(targets[0], RunSeed("run", 7), warm)
    warm.close()


def plan(grader: LessonGrader, kit: Any, tmp_path: Path, case: str) -> Plan:
    submitted = kit.hand_in({"ada": case}, where=case)
    found = grader.plan(read_submitted(submitted)[0][0], AttemptStore(tmp_path / "attempts"))
    assert isinstance(found, Plan)
    return found


def test_the_warm_process_is_replaced_after_so_many_and_when_it_died(
    grader: LessonGrader, kit: Any, tmp_path: Path
) -> None:
    asked = plan(grader, kit, tmp_path, "all_right")
    pids = []
    for number in range(4):
        result = grader.carry_out(asked)
        assert result.attempt is not None and result.attempt.points == 100
        zygote = grader.warm._zygote
        assert zygote is not None
        pids.append(zygote.pid)
        if number == 2:
            os.kill(zygote.pid, signal.SIGKILL)
    assert pids[0] == pids[1] and len(set(pids)) == 3


def test_an_exercise_in_which_the_grader_failed_is_graded_again(grader: LessonGrader, kit: Any, tmp_path: Path) -> None:
    first = grader.carry_out(plan(grader, kit, tmp_path, "all_right")).attempt
    assert first is not None
    failed = first.exercises[0].model_copy(update={"outcome": Outcome.ERROR})
    store = AttemptStore(tmp_path / "attempts")
    store.write(first.model_copy(update={"exercises": [failed, *first.exercises[1:]]}))
    again = grader.plan(read_submitted(tmp_path / "all_right")[0][0], store)
    assert isinstance(again, Plan)
    assert sorted(again.earlier) == sorted(one.name for one in first.exercises[1:])


def test_a_plan_and_a_result_cross_as_data(grader: LessonGrader, kit: Any, tmp_path: Path) -> None:
    asked = plan(grader, kit, tmp_path, "wrong_and_blocked")
    assert Plan.from_json(asked.to_json()) == asked
    result = grader.carry_out(Plan.from_json(asked.to_json()))
    assert Result.from_json(result.to_json()) == result


def test_equal_submissions_get_equal_results(kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm = Warm(kit.targets())
    together = LessonGrader(warm.targets[0], RunSeed("run", 7), warm)
    for case in kit.COHORT.values():
        asked = plan(together, kit, tmp_path, case)
        first, again = together.carry_out(asked), together.carry_out(asked)
        with monkeypatch.context() as nothing_kept:
            nothing_kept.setattr(judged_before, "LONGEST", -1)
            alone = LessonGrader(together.target, together.seed, warm).carry_out(asked)
        assert first.attempt is not None and again.attempt is not None and alone.attempt is not None
        assert comparable(first.attempt) == comparable(again.attempt) == comparable(alone.attempt)
    warm.close()


def test_expected_results_of_another_seed_or_course_are_not_used(grader: LessonGrader, kit: Any) -> None:
    kept = grader.expected()
    assert grader.take_expected(kept)
    assert not LessonGrader(grader.target, RunSeed("other", 8), grader.warm).take_expected(kept)
    assert not grader.take_expected(b"{") and not grader.take_expected(
        kept.replace(b'"replies": {', b'"replies": {"x": "y", ')
    )
