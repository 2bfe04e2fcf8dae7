from __future__ import annotations

import pytest

from blindgrade.engine.submission.magics import Cell, parse


def parsed(text: str) -> Cell:
    cell = Cell(1, text.split("\n"))
    parse(cell, [])
    return cell


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("%time x = 1", "x = 1"),
        ("y = %time 1 + 1", "y = 1 + 1"),
        ("%run other.py", "get_ipython().run_line_magic('run', 'other.py')"),
        ("%matplotlib inline", ""),
        ('if __name__ == "__main__": x = 1', "if True: x = 1"),
    ],
)
def test_a_magic_that_gives_names_a_value_becomes_code(line: str, code: str) -> None:
    cell = parsed(line)
    assert (cell.text, cell.shell) == (code, [])


@pytest.mark.parametrize("line", ["!pip install einops", "%pip install einops", "%cd ..", "files = !ls"])
def test_a_line_that_the_grader_cannot_run_is_noted(line: str) -> None:
    cell = parsed(f"a = 1\n{line}")
    assert (cell.text, cell.shell) == ("a = 1\n", [(2, line)])
