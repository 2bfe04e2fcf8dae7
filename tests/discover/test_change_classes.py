"""Each kind of mutant has a class, and its words quote nothing of the solution."""

from __future__ import annotations

import pytest

from blindgrade.discover.change_classes import WORDS, class_of, words_of

CHANGES = [
    ("x.sum(dim=1)", "x.sum(dim=2)", "axis"),
    ("x.sum(dim=-1)", "x.sum(dim=1)", "axis"),
    ("x.sum(dim=(0, 1))", "x.sum(dim=(0, 2))", "axis"),
    ("x.mean(1)", "x.mean(2)", "axis"),
    ("x.transpose(-1, -2)", "x.transpose(-1, 2)", "axis"),
    ("torch.cat([x, y], 1)", "torch.cat([x, y], 2)", "axis"),
    ("x.shape[0]", "x.shape[1]", "axis"),
    ("x.sum(dim=1, keepdim=True)", "x.sum(dim=1, keepdim=False)", "kept axis"),
    ("f(x, causal=True)", "f(x, causal=False)", "option"),
    ("a - b", "a + b", "sign"),
    ("-a", "a", "sign"),
    ("a * b", "a / b", "product"),
    ("a / b * c", "a * b * c", "product"),
    ("a ** 2", "a * 2", "power"),
    ("a ** 2", "a ** 3", "power"),
    ("a ** -0.5", "a ** 0.5", "power"),
    ("a @ b", "a * b", "matrix product"),
    ("a < b", "a <= b", "limit"),
    ("a == b", "a != b", "condition"),
    ("not a", "a", "condition"),
    ("a and b", "a or b", "joined conditions"),
    ("x[0]", "x[1]", "element"),
    ("x[:-1]", "x[:1]", "element"),
    ("x[:, 1:]", "x[:, 2:]", "element"),
    ("range(10)", "range(11)", "steps"),
    ("1000", "1001", "whole number"),
    ("f(3)", "f(4)", "whole number"),
    ("0.5 * x", "1.0 * x", "constant"),
    ("a < b", "a > b", "condition"),
    ("a * b", "a", "left out"),
    ("a - b", "-b", "left out"),
    ("a - b", "b - a", "exchanged"),
    ("x.sqrt()", "x", "left out"),
    ("x[0].sqrt()", "x[0]", "left out"),
    ("torch.sqrt(x)", "x", "left out"),
    ("f(x, eps=c)", "f(x)", "left out"),
    ("f(x, a)", "f(a, x)", "exchanged"),
    ("x.sum()", "x.mean()", "function"),
    ("abs(x)", "sin(x)", "function"),
]


@pytest.mark.parametrize(("old", "new", "kind"), CHANGES)
@pytest.mark.parametrize("around", ["def f(a, b, c, x, y):\n    z = 1\n    return {}\n", "def f(x):\n    y = {}\n"])
def test_a_change_has_its_class(old: str, new: str, kind: str, around: str) -> None:
    before, after = around.format(old), around.format(new)
    assert class_of(before, after) == kind
    other = "import torch\n\n\ndef g():\n    return 0\n\n\n"
    line = (other + before).splitlines().index(next(one for one in before.splitlines() if old in one)) + 1
    assert class_of(other + before + other, other + after + other, line) == kind


def test_a_case_that_is_left_out_has_its_class() -> None:
    before = "def f(x):\n    if x < 2:\n        raise ValueError\n    return x\n"
    assert class_of(before, before.replace("x < 2", "False")) == "case"


def test_a_statement_that_changes_a_value_in_place_has_its_class() -> None:
    assert class_of("def f(x):\n    x += 1\n", "def f(x):\n    x -= 1\n") == "sign"


def test_exchanged_names_and_a_statement_that_is_left_out_have_their_classes() -> None:
    before = "def f(x):\n    a, b = x\n    g(a)\n    return b\n"
    assert class_of(before, before.replace("a, b", "b, a")) == "exchanged"
    assert class_of(before, before.replace("g(a)", "pass")) == "left out"


def test_equal_texts_and_unclear_changes_have_no_class_of_their_own() -> None:
    assert class_of("x = 1\n", "x = 1\n") == "other"
    assert class_of("def f(x):\n    return x\n", "def f(x):\n    pass\n    return x\n") == "other"


def test_words_are_one_sentence_about_at_most_three_classes() -> None:
    assert words_of(["axis"]) == "as if another axis were meant"
    assert words_of(["axis", "sign"]) == "as if another axis were meant, or as if a sign were the other way round"
    assert words_of(["axis", "sign", "power", "limit"]) == words_of([]) == ""
    assert all(words.startswith("as if ") and not any(mark in words for mark in "`=()[]") for words in WORDS.values())
