"""Broken parts of a file are named, a broken function is never read by its first half, and the rest is kept."""

from __future__ import annotations

import ast
import sys

import pytest

from blindgrade.engine.submission.broken import Readable, readable
from blindgrade.engine.submission.lines import LineMap

GOOD = "def good(x):\n    return x\n"
PYTHON = f"Python {sys.version_info.major}.{sys.version_info.minor}"


def read(text: str) -> Readable:
    found = readable(text, LineMap("a.py"))
    ast.parse(found.text)
    assert found.text.count("\n") == text.count("\n")
    return found


def names(found: Readable) -> list[str]:
    return [node.name for node in ast.parse(found.text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def test_a_whole_file_stays_as_it_is() -> None:
    text = GOOD + "\nx = '''\n<<<<<<< HEAD\n=======\n>>>>>>> b\n'''\n"
    assert read(text) == Readable(text)


@pytest.mark.parametrize(
    "between",
    [
        "    s = 2\n<<<<<<< HEAD\n    return s\n=======\n    return -s\n>>>>>>> mine\n",
        "    s = 2\n<<<<<<< HEAD\n=======\n    return -s\n>>>>>>> mine\n",
        "    s = 2\n<<<<<<< HEAD\n||||||| base\n    return 0\n=======\n    return -s\n>>>>>>> mine\n    return s\n",
        "<<<<<<< HEAD\n=======\n>>>>>>> mine\n    return 1\n",
    ],
)
def test_a_function_with_conflict_markers_is_not_read_and_the_markers_are_named(between: str) -> None:
    found = read(GOOD + "@torch.no_grad()\ndef half(x):\n" + between + "def after(x):\n    return 3\n")
    assert names(found) == ["good", "after"]
    assert list(found.unread) == ["half"]
    assert found.unread["half"].startswith("could not be read: merge-conflict markers from a.py:")
    [problem] = found.problems
    assert "merge-conflict markers from a.py:" in problem and "`half` could not be read" in problem
    assert "delete the lines with <<<<<<<" in problem


def test_functions_inside_a_conflict_are_not_read_and_those_around_it_are() -> None:
    two = "<<<<<<< HEAD\ndef both(x):\n    return 1\n=======\ndef both(x):\n    return 2\n>>>>>>> mine\n"
    found = read(GOOD + two + "def after(x):\n    return 3\n")
    assert names(found) == ["good", "after"] and list(found.unread) == ["both"]


def test_two_conflicts_are_two_problems() -> None:
    one = "def f{n}(x):\n<<<<<<< HEAD\n    return 1\n=======\n    return 2\n>>>>>>> mine\n"
    found = read(one.format(n=1) + GOOD + one.format(n=2))
    assert names(found) == ["good"] and sorted(found.unread) == ["f1", "f2"] and len(found.problems) == 2


@pytest.mark.parametrize(
    "body",
    [
        "    y = x +\n    return y\n",  # a broken line in its place
        "    y = 1\nz = = 3\n    return y\n",  # a broken line at the margin
        "    y = 1\nz = 3\n    return y\n",  # a good line at the margin
        "    y = 1\nreturn y\n",  # the end at the margin
        "    y = (1\n    return y\n",
        "    if x:\n    return 1\n",
    ],
)
def test_a_function_with_a_broken_line_is_never_read_by_its_first_half(body: str) -> None:
    found = read(GOOD + "def half(x):\n" + body + "\n\ndef after(x):\n    return 3\n")
    assert names(found) == ["good", "after"]
    assert list(found.unread) == ["half"] and found.unread["half"].startswith("could not be read: a.py:")
    assert len(found.problems) == 1 and PYTHON in found.problems[0]


def test_a_broken_line_beside_functions_costs_none() -> None:
    found = read(GOOD + "x = = 1\n" + "def after(x):\n    return 3\n")
    assert names(found) == ["good", "after"] and found.unread == {}
    assert found.problems == [
        f"a.py:3: SyntaxError: invalid syntax (read by {PYTHON}); this part was left out, and the rest was graded"
    ]


def test_a_stray_return_after_a_whole_function_costs_nothing() -> None:
    assert read(GOOD + "return 3\n").unread == {}


def test_the_last_definition_counts() -> None:
    assert read("def f(x):\n    return (\n\n" + "def f(x):\n    return 1\n").unread == {}
    assert list(read("def f(x):\n    return 1\n" + "def f(x):\n    return (\n").unread) == ["f"]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads that syntax")
@pytest.mark.parametrize(
    "text", ["type Pair = tuple[int, int]\n", "def first[T](xs): return xs\n", "class A[T]: pass\n"]
)
def test_syntax_of_a_later_python_says_which_one_graded(text: str) -> None:
    [problem] = read(GOOD + text).problems
    assert f"this syntax needs Python 3.12, and {PYTHON} graded the file" in problem


def test_a_file_without_one_readable_definition_is_empty() -> None:
    assert read("def f(x):\n    return (\n").empty and not read(GOOD + "def f(x):\n    return (\n").empty


def test_a_place_in_a_notebook_is_a_cell() -> None:
    found = readable("a = 1\n\ndef f(x):\n    y = = 1\n", LineMap("n.ipynb", ((1, 2), (3, 5))))
    assert "cell 5, line 2 of n.ipynb" in found.problems[0]
