"""What students mix up, leave out or put in another order, as changes of a solution."""

from __future__ import annotations

import ast

import libcst as cst
import pytest

from blindgrade.discover.wider_changes import wider_changes


def changed(text: str) -> set[str]:
    """The text with each change in place of the part that it changes."""
    module = cst.parse_module(text)
    found = set()
    for node, other in wider_changes(module):
        made = module.deep_replace(node, other)
        assert isinstance(made, cst.Module)
        found.add(made.code)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * b", {"a", "b"}),
        ("a / b", {"a", "b / a"}),
        ("a - b", {"a", "b - a", "-b"}),
        ("(a + b) * c", {"(a + b)", "c", "a * c", "b * c"}),
        ("x.sqrt()", {"x"}),
        ("x.sum(dim=d)", {"x", "x.mean(dim=d)", "x.sum()"}),
        ("torch.sqrt(x)", {"x"}),
        ("nn.init.zeros_(w)", {"w", "nn.init.ones_(w)"}),
        ("f(x, y)", {"x", "f(y, x)"}),
        ("f(*x)", set()),
        ("a < b", {"a > b"}),
        ("x[2]", {"x[1]", "x[4]"}),
        ("x[0]", {"x[-1]"}),
        ("1e-06", {"1e-07", "5e-07", "1e-05"}),
    ],
)
def test_each_kind_of_part_has_its_changes(text: str, expected: set[str]) -> None:
    assert changed(f"y = {text}\n") == {f"y = {one}\n" for one in expected}


def test_names_are_exchanged_and_calls_without_a_result_are_left_out() -> None:
    assert changed("a, b, c = x\n") == {"b, a, c = x\n", "a, c, b = x\n"}
    assert "pass\n" in changed("g(x)\n")
    assert changed("x += y\n") == {"pass\n"}
    assert (
        changed('"""Docstring."""\n') == changed('raise ValueError("x", 1)\n') == changed('s = f"{x + 1}"\n') == set()
    )


def test_a_changed_text_is_always_python() -> None:
    text = "def f(x, n, *, eps=1e-6):\n    if n < 2:\n        return -x ** 2\n    a, b = (x - 1) @ (n + 2), x % 3\n"
    text += "    return torch.softmax(a.T / b ** -0.5, dim=-1)[..., :-1].clamp(min=0.5 * eps).sum(1, keepdim=True)\n"
    found = changed(text)
    assert len(found) > 40
    for one in found:
        ast.parse(one)
