"""Arguments that experiments give to an exercise's code, as digests."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from blindgrade.engine.answers.given import MOST, as_lists, digest_of, from_lists, given_in
from blindgrade.engine.worker.lesson import LoadedLesson

X = torch.tensor([1.0, 2.0, 3.0])
Y = torch.tensor([4.0, 5.0])


def lesson(**names: Any) -> LoadedLesson:
    module = ModuleType("lesson")
    module.__dict__.update(names)
    return LoadedLesson(module, [])


def test_a_digest_is_of_type_shape_and_every_bit() -> None:
    assert digest_of(X) == digest_of(X.clone()) == digest_of(torch.stack([X, X])[1]) != ""
    others = [X.double(), X[None], X + 1e-6, X.flip(0), X.view(torch.int32)]
    assert len({digest_of(X), *map(digest_of, others)}) == 1 + len(others)
    assert digest_of(0.5) == digest_of(0.5) != digest_of(0.25)
    for kind in (torch.bool, torch.bfloat16, torch.complex64):
        assert digest_of(X.to(kind)) != ""
    none = [3, True, None, "x", torch.zeros(0), torch.zeros(2, 2).to_sparse()]
    assert [digest_of(value) for value in none] == [""] * len(none)


def test_each_argument_of_a_call_is_seen_by_its_name() -> None:
    def code(x: Tensor, rest: list[Tensor], *more: Tensor, scale: float = 2.0) -> Tensor:
        return x * scale

    given = given_in("code", lesson(code=code), lambda one: one.names.code(X, [Y], Y + 1, scale=0.5))
    assert given == {digest_of(X): "x", digest_of(Y): "rest[]", digest_of(Y + 1): "*more[]", digest_of(0.5): "scale"}
    assert from_lists(as_lists(given)) == given


def test_calls_of_other_code_and_of_the_code_itself_are_not_seen() -> None:
    def inner(x: Tensor) -> Tensor:
        return x + 1

    def code(x: Tensor) -> Tensor:
        return code(inner(x) + 1) if x.sum() < 10 else x

    found = given_in("code", lesson(code=code, inner=inner), lambda one: (one.names.code(X), one.names.inner(Y)))
    assert found == {digest_of(X): "x"}


def test_a_class_is_watched_while_the_experiment_runs_and_no_longer() -> None:
    class Block(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return self.twice(x + 1)

        def twice(self, x: Tensor) -> Tensor:
            return 2 * x

    before = Block.forward
    found = given_in("Block", lesson(Block=Block), lambda one: (one.names.Block()(X), one.names.Block().twice(x=Y)))
    assert found == {digest_of(X): "x", digest_of(Y): "x"}
    assert Block.forward is before


def test_what_cannot_be_watched_has_no_arguments() -> None:
    def one_argument(x: Tensor) -> Tensor:
        return x

    assert given_in("table", lesson(table={"a": X}), lambda one: one.names.table["a"]) == {}
    assert given_in("missing", lesson(), lambda one: None) == {}

    def call(one: LoadedLesson) -> None:
        try:
            one.names.code(X, X)
        except TypeError:
            pass

    assert given_in("code", lesson(code=one_argument), call) == {}
    inside = given_in("code", lesson(code=one_argument), lambda one: torch.func.vmap(one.names.code)(torch.eye(3)))
    assert inside == {}


def test_the_number_of_arguments_has_a_limit() -> None:
    def code(x: float) -> float:
        return x

    found = given_in("code", lesson(code=code), lambda one: [one.names.code(float(n)) for n in range(MOST + 9)])
    assert len(found) == MOST
