"""A wrong answer becomes a small edit of the solution if it has the solution's structure but for one part."""

from __future__ import annotations

import ast

import pytest

from blindgrade.discover.edits import small_edit

SOLUTION = '''def f(x: Tensor, y: Tensor) -> Tensor:
    """What it does."""
    if x.dim() < 2:
        raise ValueError("no")
    middle = x.mean(dim=-1, keepdim=True)
    moved = x - middle
    return moved * y / moved.std() + middle'''


def edited(answer: str) -> str:
    found = small_edit(SOLUTION, answer)
    assert found is not None
    old, new = found
    assert SOLUTION.count(old) == 1
    return ast.unparse(ast.parse(SOLUTION.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dim=-1", "dim=0"),
        ("x - middle", "x + middle"),
        ("moved * y / moved.std() + middle", "moved"),
        ("moved.std()", "(moved.std() + 1)"),
        ("< 2", "<= 2"),
        ("moved * y", "(moved + y)"),
        ("x.mean(dim=-1, keepdim=True)", "x.median(dim=-1, keepdim=True).values"),
    ],
)
def test_one_other_part_is_an_edit_that_gives_the_answer(old: str, new: str) -> None:
    answer = SOLUTION.replace(old, new)
    assert edited(answer) == ast.unparse(ast.parse(answer))


def test_other_names_for_local_values_docstrings_and_annotations_do_not_count() -> None:
    answer = """def f(x, y):
    if x.dim() < 2:
        raise ValueError("no")
    m = x.mean(dim=0, keepdim=True)
    d = x - m
    return d * y / d.std() + m"""
    assert edited(answer) == ast.unparse(ast.parse(SOLUTION.replace("dim=-1", "dim=0")))


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x, y):\n    return x",  # other statements
        SOLUTION.replace("dim=-1", "dim=0").replace("x - middle", "x + middle").replace("< 2", "< 3"),  # three parts
        SOLUTION.replace("moved = x - middle", "moved = x - middle + " + " + ".join(["x"] * 60)),  # too long
        "class f:\n    pass",
        SOLUTION.replace('"no"', '"no"'),  # no difference at all
    ],
)
def test_anything_else_is_no_small_edit(answer: str) -> None:
    assert small_edit(SOLUTION, answer) is None


def test_a_name_that_stands_for_two_values_is_not_taken_for_one() -> None:
    """`moved` and `middle` are exchanged in one place: that is the difference, not another name."""
    answer = SOLUTION.replace("moved * y", "middle * y")
    assert edited(answer) == ast.unparse(ast.parse(answer))
