from __future__ import annotations

from typing import Any

import pytest
import torch

from blindgrade.checks import Check, Fail
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.answers.packing import salt_of
from blindgrade.engine.judging.diagnosis import Seen, diagnose
from blindgrade.engine.judging.judging import judge_by, result_of
from blindgrade.engine.wire.replies import Answer, Raised, Result
from blindgrade.models import Exercise, Kind, Outcome

HINTS = ["Which way?", "Turn.", "Minus."]


class Known:
    """Reference that expects 1.0 everywhere and knows these misconceptions' replies."""

    kind = "key"

    def __init__(self, **replies: Answer | Digest | None) -> None:
        self.replies = replies

    def expected(self, check: Check, seed: int) -> Answer:
        return Result(1.0)

    own = expected

    def given(self, check: Check, seed: int) -> dict[str, str]:
        return {}

    def hints(self, exercise: str) -> dict[str, str]:
        return {name: f"hint of {name}" for name in self.replies}

    def of_misconception(self, exercise: str, name: str, check: Check, seed: int) -> Answer | Digest | None:
        return self.replies[name]


def exercise(kind: Kind = Kind.FUNCTION) -> Exercise:
    return Exercise(name="e", title="E", kind=kind, points=1, difficulty=1, concepts=["c"], hints=HINTS)


def seen(reply: Answer, **fields: object) -> Seen:
    check = Check(exercise="e", name="c", claim="It is 1.", experiment=lambda lesson, rng: None, public=True, **fields)  # type: ignore[arg-type]
    return Seen(check, 0, reply, judge_by(Known(), check, reply, 0))


def diagnosed(one: Seen, reference: Known, kind: Kind = Kind.FUNCTION) -> tuple[str | None, str]:
    diagnose(exercise(kind), [one], reference)
    return one.result.misconception, one.result.hint


def test_a_recorded_reply_names_its_misconception_within_tolerance() -> None:
    known = Known(sign=Result(-1.0), twice=Result(2.0))
    assert diagnosed(seen(Result(-1.0000001)), known) == ("sign", "hint of sign")
    assert diagnosed(seen(Result(-1.1)), known) == (None, "")


def test_a_digest_and_an_error_name_theirs_too() -> None:
    known = Known(word=Digest.of("a", "s"), raises=Raised("KeyError", ""))
    assert diagnosed(seen(Result("a")), known) == ("word", "hint of word")
    assert diagnosed(seen(Raised("KeyError", "another message")), known) == ("raises", "hint of raises")
    assert diagnosed(seen(Result("b")), known) == (None, "")


def test_two_misconceptions_that_the_checks_cannot_tell_apart_are_not_named() -> None:
    assert diagnosed(seen(Result(-1.0)), Known(sign=Result(-1.0), other=Result(-1.0))) == (None, "")


def test_a_failure_that_nothing_explains_has_the_hint_of_its_check_or_none() -> None:
    assert diagnosed(seen(Result(5.0), hint="Count from 1."), Known()) == (None, "Count from 1.")
    assert diagnosed(seen(Result(-1.0), hint="Count from 1."), Known(sign=Result(-1.0)))[1] == "hint of sign"


def test_no_failed_check_shows_the_hint_of_another() -> None:
    many = [seen(Result(5.0), hint="Count from 1."), seen(Result(5.0)), seen(Result(-1.0), hint="Look at the sign.")]
    diagnose(exercise(), many, Known(sign=Result(-1.0)))
    assert [one.result.hint for one in many] == ["Count from 1.", "", "hint of sign"]


def test_a_trained_model_is_never_compared_with_another_one() -> None:
    assert diagnosed(seen(Result(-1.0)), Known(sign=Result(-1.0)), Kind.TRAINING) == (None, "")


@pytest.mark.parametrize("others", [0, 2])
def test_an_exercise_that_is_not_attempted_has_its_first_hint_once(others: int) -> None:
    many = [seen(Raised("NotImplementedError", "", own=True)) for _ in range(1 + others)]
    diagnose(exercise(), many, Known())
    assert [one.result.hint for one in many] == [HINTS[0]] + [""] * others


def test_an_exercise_that_is_begun_has_no_hint_of_the_ladder() -> None:
    check = seen(Result(1.0)).check
    begun = [seen(Result(5.0)), Seen(check, 0, Result(None), result_of(check, Outcome.NOT_ATTEMPTED))]
    diagnose(exercise(), begun, Known())
    assert [one.result.hint for one in begun] == ["", ""]


def test_a_lookup_is_judged_without_its_right_answer_in_the_message() -> None:
    class Names(Known):
        def expected(self, check: Check, seed: int) -> Answer:
            return Result({"ddim": "level one", "unknown": "ValueError"})

    check = seen(Result(1.0)).check
    wrong = judge_by(Names(), check, Result({"ddim": "level two", "unknown": None}), 0)
    assert wrong.outcome is Outcome.FAILED
    assert wrong.message == "ddim is 'level two', which is not right; 2 of 2 cases are not right"
    assert judge_by(Names(), check, Result({"ddim": "level one", "unknown": "ValueError"}), 0).outcome is Outcome.PASSED


def three(reply: Answer, wanted: Answer, *, public: bool, **fields: Any) -> Seen:
    check = Check("e", "c", "A claim.", experiment=lambda lesson, rng: None, public=public, **fields)
    return Seen(check, 0, reply, judge_by(Expects(wanted), check, reply, 0))


class Expects(Known):
    """Reference that expects this reply everywhere and knows no misconceptions."""

    def __init__(self, wanted: Answer) -> None:
        super().__init__()
        self.wanted = wanted

    def expected(self, check: Check, seed: int) -> Answer:
        return self.wanted


MINUS = {"case 1": torch.tensor([0.3, -0.7, 1.9, 0.4]), "case 2": torch.tensor([2.2, 0.7])}


def related(one: Seen, wanted: Answer) -> tuple[str | None, str]:
    diagnose(exercise(), [one], Expects(wanted))
    return one.result.relation, one.result.relation_text


def test_a_failed_check_has_the_relation_of_its_reply() -> None:
    wanted, got = Result(MINUS), Result({key: -value for key, value in MINUS.items()})
    assert related(three(got, wanted, public=True), wanted) == (
        "negated", "Your result is exactly minus the expected value.",
    )  # fmt: skip
    part = Result(MINUS | {"case 1": -MINUS["case 1"]})
    public, hidden = (related(three(part, wanted, public=public), wanted) for public in (True, False))
    assert public == ("negated", "In the case “case 1”, your result is exactly minus the expected value.")
    assert hidden == ("negated", "Part of your result is exactly minus the expected value.")


def test_a_passed_check_and_a_verdict_of_its_own_have_no_relation() -> None:
    wanted = Result(MINUS)
    assert related(three(wanted, wanted, public=True), wanted) == (None, "")

    def verdict(result: object, expected: object, rng: object) -> None:
        raise Fail("no")

    got = Result({key: -value for key, value in MINUS.items()})
    assert related(three(got, wanted, public=True, verdict=verdict), wanted) == (None, "")


@pytest.mark.parametrize("keyed", [False, True])
def test_a_lookup_says_the_same_with_the_answers_and_with_their_digests(keyed: bool) -> None:
    right = {"p": "zero", "q": "zero", "r": "copied", "s": "new"}
    check = Check("e", "c", "A claim.", experiment=lambda lesson, rng: None, public=True)
    wanted: Any = Keyed.of(right, salt_of(check)) if keyed else Result(right)
    reply = Result(right | {"p": "copied", "q": "copied"})
    one = Seen(check, 0, reply, judge_by(Expects(wanted), check, reply, 0))
    assert related(one, wanted) == (
        "labels_confused", "Your code says “copied” where another answer is right, in 2 of 4 cases.",
    )  # fmt: skip
    assert "zero" not in one.result.message


def test_yes_for_no_in_a_lookup_is_not_said_because_it_is_the_right_answer() -> None:
    right = {str(n): n % 3 == 0 for n in range(12)}
    wanted, got = Result(right), Result({key: not value for key, value in right.items()})
    assert related(three(got, wanted, public=True), wanted) == (None, "")


def test_a_named_misconception_explains_more_than_a_relation() -> None:
    wanted, got = Result(MINUS), Result({key: -value for key, value in MINUS.items()})
    one = three(got, wanted, public=True)
    diagnose(exercise(), [one], Expects(wanted))
    assert one.result.compared == one.result.relation_text != ""
    assert one.result.model_copy(update={"misconception": "sign"}).compared == ""


RIGHT = {"x": torch.arange(6.0), "y": torch.arange(6.0) ** 2, "error": "ValueError"}


class Cases(Known):
    """Reference with several values in a reply, that knows how these misconceptions change them."""

    def expected(self, check: Check, seed: int) -> Answer:
        return Result(RIGHT)

    own = expected


def twice() -> Answer:
    return Result({**RIGHT, "x": 2 * RIGHT["x"]})


def test_a_misconception_is_named_by_its_numbers_if_another_fault_stands_beside_it() -> None:
    check = seen(Result(1.0)).check
    student = Result({"x": 2 * RIGHT["x"], "y": RIGHT["y"] + 1, "error": None})
    one = Seen(check, 0, student, judge_by(Cases(), check, student, 0))
    assert diagnosed(one, Cases(twice=twice(), none=Result({**RIGHT, "error": None}))) == ("twice", "hint of twice")


def test_numbers_in_a_part_say_more_than_the_same_exception_elsewhere() -> None:
    """Broadcasting raises RuntimeError for many reasons. A formula that is wrong in the same way has one."""
    check = seen(Result(1.0)).check
    student = Result({"x": 2 * RIGHT["x"], "y": RIGHT["y"] + 1, "error": None})
    raised = Raised("RuntimeError", "shapes")

    class TwoChecks(Cases):
        def of_misconception(self, exercise: str, name: str, check: Check, seed: int) -> Answer | Digest | None:
            return {"twice": [twice(), Result(RIGHT)], "raises": [Result(RIGHT), raised]}[name][seed]

    known = TwoChecks(twice=None, raises=None)
    both = [Seen(check, n, reply, judge_by(known, check, reply, n)) for n, reply in enumerate([student, raised])]
    diagnose(exercise(), both, known)
    assert [one.result.misconception for one in both] == ["twice", None]
    alone = [Seen(check, 1, raised, judge_by(known, check, raised, 1))]
    diagnose(exercise(), alone, known)
    assert [one.result.misconception for one in alone] == ["raises"]
