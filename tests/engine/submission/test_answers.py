from __future__ import annotations

import ast

import pytest

from blindgrade.engine.submission.answers import bindings, unwritten, written_above

STUB = "def f(x):\n    y = 0\n    raise NotImplementedError\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("def f(x):\n    raise NotImplementedError", 2, False),
        ('def f(x):\n    """Doc."""\n    raise NotImplementedError("f")', 3, False),
        ("class A:\n    def __init__(self):\n        super().__init__()\n        raise NotImplementedError", 4, False),
        ("def f(x):\n    z = x + 1\n    raise NotImplementedError", 3, True),
        ("def f(x):\n    if x:\n        return 1\n    raise NotImplementedError", 4, True),
        (STUB, 3, False),
        (STUB.replace("y = 0", "y = x"), 3, True),
        ("raise NotImplementedError", 1, False),
        ("def f(:", 1, False),
    ],
)
def test_code_above_the_stubs_raise_is_seen(text: str, line: int, expected: bool) -> None:
    assert written_above(text, line, [STUB]) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STUB, True),
        ("class A:\n    def a(self): return 1\n    def b(self): raise NotImplementedError", True),
        ("def f(x):\n    return 1\n    raise NotImplementedError", False),
        ("def f(x): return 1", False),
    ],
)
def test_a_definition_that_ends_like_the_stub_is_unwritten(text: str, expected: bool) -> None:
    assert unwritten(ast.parse(text).body[0]) is expected


def test_a_statement_that_wraps_the_answer_is_no_new_definition() -> None:
    nodes = ast.parse("def f(): pass\nf = wrap(f)\nwith a:\n    def f(): pass").body
    assert [node.lineno for node in bindings(nodes, "f")] == [1, 3]
