from __future__ import annotations

import ast

import pytest

from blindgrade.release.scan.shapes import parse, seen_in, telling_shapes

ANSWER = """
centered = values - values.mean(dim=-1, keepdim=True)
return_value = centered / (centered**2).mean(dim=-1, keepdim=True).sqrt()
"""


def found(answer: str, released: str) -> list[int]:
    """Lines of `released` that have a shape of `answer`."""
    telling = telling_shapes([ast.parse(answer).body])
    tree = parse(released)
    assert tree is not None
    return sorted({line for shape, line in seen_in(tree, telling.sizes) if shape in telling.lines})


@pytest.mark.parametrize(
    "released",
    [
        "x = c / (c**2).mean(dim=-1, keepdim=True).sqrt()",
        "def f(rows):\n    return rows / (rows ** 2).mean(dim=-1,\n  keepdim=True).sqrt()",
        "print('it is', lambda c: c / (c**2).mean(dim=-1, keepdim=True).sqrt())",
        "x += c / (c**2).mean(dim=-1, keepdim=True).sqrt()  # noted",
    ],
)
def test_an_answer_is_seen_under_other_names_and_in_other_statements(released: str) -> None:
    assert found(ANSWER, released)


@pytest.mark.parametrize(
    "released",
    [
        "x = c / (c**3).mean(dim=-1, keepdim=True).sqrt()",
        "x = c / (c**2).sum(dim=-1, keepdim=True).sqrt()",
        "x = c / (d**2).mean(dim=-1, keepdim=True).sqrt()",
        "x = c / (c**2).mean(axis=-1, keepdim=True).sqrt()",
        "x = c.mean(dim=-1, keepdim=True)",
    ],
)
def test_another_program_is_not_read_as_the_answer(released: str) -> None:
    assert found(ANSWER, released) == []


def test_small_statements_reveal_an_answer_only_together() -> None:
    answer = "a = x + 1\nb = a * x\nc = b - a\nd = c / b"
    assert found(answer, "p = q + 1") == []
    assert found(
        answer, "def f(q):\n    'doc'\n    p = q + 1\n    r = p * q\n    s = r - p\n    t = s / r\n    return t"
    ) == [3]


def test_annotations_docstrings_and_imports_reveal_nothing() -> None:
    harmless = ast.parse('"""A docstring that is long enough."""\nfrom a import b, c, d, e, f, g, h').body
    assert telling_shapes([harmless]).lines == {}
    with_types = "def f(a: Float[T, 'b c']) -> Float[T, 'b c']:\n    if a.sum() > 1 and a.mean() < 2:\n        return a"
    without = "def g(x):\n    if x.sum() > 1 and x.mean() < 2:\n        return x"
    assert found(with_types, without)


def test_the_magics_of_a_notebook_are_no_obstacle() -> None:
    assert parse("%matplotlib inline\n!pip list\nx = 1") is not None
    assert parse("x = (") is None
