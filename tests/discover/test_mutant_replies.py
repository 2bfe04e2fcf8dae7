"""Replies of mutants: each explains itself, the solution's own are left out, and nothing hangs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blindgrade.discover import mutant_replies
from blindgrade.discover.matching import change, equal_mutants, match, match_first
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.engine.answers.reference import check_seed, observe
from blindgrade.engine.judging.wrong_answers import WrongAnswer, equal, wrong_answer
from blindgrade.verify.mutants import mutants
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
SEED = 99


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    torch.set_num_threads(1)
    return Workshop(MINI, "lesson-1.1.1")


@pytest.fixture(scope="module")
def known(workshop: Workshop) -> list[MutantReply]:
    return mutant_replies.mutant_replies(workshop, "standardize", SEED, 2)


def test_candidates_are_changes_of_the_exercise_and_of_the_helpers_it_uses(workshop: Workshop) -> None:
    own = {mutant.exercise for mutant in mutant_replies.candidates(workshop, "standardize")}
    assert own == {"standardize", "_spread"}
    assert {mutant.exercise for mutant in mutant_replies.candidates(workshop, "correlation")} == {
        "correlation", "_spread",
    }  # fmt: skip


def test_wider_changes_are_asked_for_only_if_those_of_the_proofs_say_nothing(
    workshop: Workshop, known: list[MutantReply]
) -> None:
    wider = mutant_replies.mutant_replies(workshop, "standardize", SEED, 2, wider=True)
    checks = {check.name: check for check in workshop.checks.of("standardize")}
    asked: list[bool] = []

    def replies(more: bool) -> list[MutantReply]:
        asked.append(more)
        return wider if more else known

    assert match_first(checks, known[0].answer, replies) == match(checks, known[0].answer, known)
    assert asked == [False]
    without = next(one for one in wider if one.kind == "left out" and match(checks, one.answer, known) is None)
    found = match_first(checks, without.answer, replies)
    assert found is not None and "left out" in found.kinds and asked == [False, False, True]


def test_each_mutant_explains_the_answer_that_it_is(workshop: Workshop, known: list[MutantReply]) -> None:
    checks = {check.name: check for check in workshop.checks.of("standardize")}
    assert len(known) >= 8
    for one in known:
        found = match(checks, one.answer, known)
        assert found is not None
        assert one in equal_mutants(checks, one.answer, known)
        assert change(one) in found.changes or found.count > len(found.changes)


def test_an_answer_that_no_mutant_gives_is_not_explained(workshop: Workshop, known: list[MutantReply]) -> None:
    checks = {check.name: check for check in workshop.checks.of("standardize")}
    one = known[0].answer
    other = WrongAnswer(known[-1].answer.replies, one.failed)
    mixed = WrongAnswer(
        {**one.replies, "works_on_a_single_row": other.replies["has_mean_zero_and_spread_one"]}, one.failed
    )
    assert match(checks, mixed, known) is None  # two checks of three agree
    assert match(checks, one, []) is None


def test_equal_mutants_of_one_class_are_one_class_and_all_are_counted(
    known: list[MutantReply], workshop: Workshop
) -> None:
    checks = {check.name: check for check in workshop.checks.of("standardize")}
    one = known[0]
    copies = [MutantReply(line, one.old, one.new, kind, one.answer) for line, kind in enumerate(["axis"] * 5)]
    found = match(checks, one.answer, copies)
    assert found is not None and (found.count, len(found.changes), found.kinds) == (5, 3, ["axis"])
    assert found.words == "as if another axis were meant"
    mixed = [MutantReply(1, "a", "b", kind, one.answer) for kind in ("axis", "sign", "power", "limit")]
    found = match(checks, one.answer, mixed)
    assert found is not None and found.words == "" and found.count == 4


def test_right_answers_and_answers_without_a_result_are_left_out(workshop: Workshop, known: list[MutantReply]) -> None:
    every = mutant_replies.candidates(workshop, "standardize")
    assert all(one.answer.failed for one in known)
    assert len(known) < len(every)


def test_kept_replies_are_the_computed_ones(workshop: Workshop, known: list[MutantReply]) -> None:
    checks = {check.name: check for check in workshop.checks.of("standardize")}
    expected = mutant_replies.expected_frames(workshop, "standardize", SEED)
    content = mutant_replies.to_bytes(known, expected)
    again = mutant_replies.from_bytes(content, expected)
    for before, after in zip(known, again, strict=True):
        assert (before.line, before.old, before.new, before.kind) == (after.line, after.old, after.new, after.kind)
        assert equal(checks, before.answer, after.answer)
    with pytest.raises(ValueError, match="damaged"):
        mutant_replies.from_bytes(content[:20], expected)


def test_a_reply_that_is_the_solutions_own_takes_no_room(workshop: Workshop) -> None:
    expected = mutant_replies.expected_frames(workshop, "standardize", SEED)
    lesson = workshop.lesson.id
    own = {
        check.name: observe(workshop.checks, check, workshop.solution.module, check_seed(SEED, lesson, check))
        for check in workshop.checks.of("standardize")
    }
    answer = wrong_answer(own, frozenset(["refuses_one_value"]))
    assert answer is not None
    content = mutant_replies.to_bytes([MutantReply(1, "a", "b", "sign", answer)], expected)
    assert len(content) < 250


def test_a_mutant_that_loops_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Workshop(MINI, "lesson-1.1.1")
    found = mutants(shop.solution.text, shop.lesson, {"standardize"})[:1]
    looping = found[0].text.replace("    centered = ", "    while True:\n        pass\n    centered = ")
    one = type(found[0])("standardize", found[0].line, "loops", looping, "a", "b")
    monkeypatch.setattr(mutant_replies, "candidates", lambda workshop, exercise, wider: [one])
    monkeypatch.setattr(mutant_replies, "SECONDS", 0.5)
    assert mutant_replies.mutant_replies(shop, "standardize", SEED, 1) == []
