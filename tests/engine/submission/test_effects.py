from __future__ import annotations

import ast

import pytest

from blindgrade.engine.submission.effects import closed, fresh, traces_of

IMPORTS = {"torch": "torch", "nn": "torch", "helper": "helper"}


@pytest.mark.parametrize(
    "value", ["1", "a + b", "[1, 2]", "torch.zeros(3)", "a.clone()", "float(a)", "[k + 1 for k in a]"]
)
def test_a_new_object_shares_nothing(value: str) -> None:
    assert fresh(ast.parse(value, mode="eval").body, IMPORTS)


@pytest.mark.parametrize(
    "value",
    ["a", "a[0]", "a.view(3)", "[a]", "torch.optim.Adam(a)", "nn.Sequential(a)", "helper.f(a)", "f(a)", "list(a)"],
)
def test_a_part_of_an_object_shares_it(value: str) -> None:
    assert not fresh(ast.parse(value, mode="eval").body, IMPORTS)


def test_shared_names_are_followed_to_their_origin() -> None:
    assert closed({"opt"}, [({"opt"}, {"net"}), ({"net"}, {"data"}), ({"x"}, {"y"})]) == {"opt", "net", "data"}


def test_a_pure_method_changes_nothing_and_an_unknown_one_changes_its_object() -> None:
    assert traces_of(ast.parse("a.sum(); b.mystery(c)"), IMPORTS).changed == {"b"}
