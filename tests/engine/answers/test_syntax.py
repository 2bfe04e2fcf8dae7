"""A form of a syntax tree is the same under every Python, and differs where the code does."""

from __future__ import annotations

import ast
import hashlib
import json

import pytest

from blindgrade.engine.answers.syntax import form

# What Pythons write and cut in different ways: f-strings, subscripts of tuples, several exceptions, new empty fields.
CODE = """
from __future__ import annotations


class Watch:
    items: tuple[int, ...] = ()


async def f(x, /, *a: int, k=None, **rest) -> str:
    try:
        return f"{x['key']!r:>{k}.{2}} {{braces}} {x=} 'quoted' " f"and {a[0, 1]} {len('n')}"
    except (KeyError, IndexError) as error:
        raise ValueError from error
    finally:
        y = [-1.5, 1e-7, 2j, b"\\x00", ..., None, True, "é", lambda *, z=1: z, *a][::2]
"""
# Computed under Python 3.11.7; Python 3.12.1 and 3.13.0 compute the same. Another value means that answer keys of one
# Python are out of date under another one.
DIGEST = "952b508d25f92f35e572f0c820e723f62dd7d986d70019d9e38561530e8b8185"


def _digest(code: str) -> str:
    return hashlib.sha256(json.dumps(form(ast.parse(code))).encode()).hexdigest()


def test_the_form_is_that_of_the_other_pythons() -> None:
    assert _digest(CODE) == DIGEST


def test_comments_layout_and_quotes_do_not_count() -> None:
    assert _digest("x = f'{a[\"k\"]} b'  # why") == _digest('x = (f"{a[\'k\']}"\n     " b")')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = '1'", "x = 1"),
        ("x = None", "x = 'NoneType None'"),
        ("f(a, b)", "f(a, b=b)"),
        ("def f(x): pass", "def f(x=None): pass"),
        ("f'{a}b'", "f'{a}{b}'"),
        ("f'{a!r}'", "f'{a}'"),
        ("f'{a:3}'", "f'{a}'"),
        ("x[1, 2]", "x[1][2]"),
        ("async def f(): pass", "def f(): pass"),
    ],
)
def test_what_runs_in_another_way_has_another_form(one: str, other: str) -> None:
    assert _digest(one) != _digest(other)
