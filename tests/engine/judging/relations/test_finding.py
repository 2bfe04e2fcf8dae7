"""The relation of a reply: none for unrelated replies, and nothing that a student must not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.checks import Check, Rng, check, gradients
from blindgrade.engine.judging.relations.finding import between, found_in
from blindgrade.engine.judging.relations.relation import Name, Relation
from blindgrade.engine.judging.relations.together import settled
from blindgrade.engine.wire.replies import Raised, Result

from .replies import Case, cases, name

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.sampled_from(["a", "b", "ValueError"]),
    st.integers(0, 3).map(lambda n: torch.arange(float(n))), st.just(torch.tensor([True, False])),
    st.just(torch.zeros(2, 0)), st.just(torch.tensor([1, 2**60])), st.just(torch.tensor(float("nan"))),
)  # fmt: skip
TREES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("xyz"), inner)),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(cases(axes=(0, 4)), st.integers(0, 2**31))
def test_unrelated_numbers_have_no_relation(want: Case, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    got = {key: torch.randn(w.shape, generator=draw, dtype=torch.float64).to(w.dtype) for key, w in want.items()}
    assert name(got, want) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=4, max_size=12), st.integers(0, 2**31))
def test_unrelated_whole_numbers_have_no_relation(want: list[int], seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    got = torch.randint(1, 50, (len(want),), generator=draw).tolist()
    assert name(got, want) in (None, "only_last", "only_first") or got == want


@settings(max_examples=300, deadline=None)
@given(TREES, TREES)
def test_no_form_of_reply_makes_it_stop(got: Any, want: Any) -> None:
    found = between(got, want, of_gradients=True).relation
    assert found is None or found.name in Name


def _check(**given: Any) -> Check:
    def experiment(lesson: Any, rng: Rng) -> Any:
        """The claim."""

    return check("exercise", **given)(experiment)


def relations(failed: list[tuple[Check, Any, Any]]) -> list[Relation | None]:
    return settled([found_in(*one) for one in failed])


def test_a_verdict_of_its_own_has_no_relation() -> None:
    want = torch.randn(5)
    both = Result(-want), Result(want)
    assert [one.name for one in relations([(_check(), *both)]) if one] == ["negated"]
    assert relations([(_check(verdict=lambda result, expected, rng: None), *both)]) == [None]
    assert relations([(_check(), both[0], None)]) == [None]


def test_an_exception_where_a_result_is_due_is_a_needless_error_and_has_no_sentence_of_its_own() -> None:
    raised, right = Raised("ValueError", ""), Result(torch.randn(5))
    [one, other] = relations([(_check(), raised, right), (_check(), Result(-right.value), right)])
    assert one is not None and (one.name, one.text, one.hidden) == ("needless_error", "", "")
    assert other is not None and other.name == "negated"
    without = [(_check(), raised, None), (_check(), raised, raised), (_check(), replace(raised, missing="f"), right)]
    assert relations(without) == [None] * 3
    assert relations([(_check(verdict=lambda result, expected, rng: None), raised, right)]) == [None]


def test_a_fault_of_a_relation_costs_no_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*given: Any, **more: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("blindgrade.engine.judging.relations.finding.between", stops)
    assert relations([(_check(), Result(torch.ones(3)), Result(torch.zeros(3)))]) == [None]


@settings(max_examples=200, deadline=None)
@given(cases(axes=(0, 2)), st.lists(st.sampled_from([1.0, -1.0, 0.0, 0.5, 1 + 1e-9, 1e300, float("inf")]), min_size=4))
def test_no_pattern_of_factors_makes_it_stop(want: Case, factors: list[float]) -> None:
    got = {key: w.double() * factor for (key, w), factor in zip(want.items(), factors, strict=False)}
    found = between(got, {key: w.double() for key, w in want.items() if key in got}).relation
    assert found is None or found.name in Name


def _taken(layer: Any) -> Any:
    return gradients(layer, [])


def test_a_gradient_is_recognised_by_the_experiments_code() -> None:
    def experiment(lesson: Any, rng: Rng) -> Any:
        """The claim."""
        return _taken(lesson)

    def plain(lesson: Any, rng: Rng) -> Any:
        """The claim."""
        return lesson.value

    both = Result({"x": None}), Result({"x": torch.randn(3)})
    taken, other = relations([(check("e")(experiment), *both)]), relations([(check("e")(plain), *both)])
    assert taken[0] is not None and taken[0].name == "no_gradient"
    assert [one.name for one in other if one] == ["no_result"]


@settings(max_examples=30, deadline=None)
@given(cases(axes=(2, 2)), st.sampled_from([-1.0, 2.0, 1 / 45, 1.37]))
def test_a_hidden_sentence_names_no_case(want: Case, factor: float) -> None:
    got = {key: w if key == "case 0" else (w.double() * factor).to(w.dtype) for key, w in want.items()}
    found = between(got, want).relation
    assert found is None or "case 1" not in found.hidden
    assert found is None or found.hidden == "" or found.hidden.startswith("Part of your result ")
