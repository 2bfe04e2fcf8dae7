from __future__ import annotations

import ast

from blindgrade.engine.submission.choosing import Program
from blindgrade.engine.submission.notes import is_work, needing, not_run

PROGRAM = Program(ast.parse("def f(): return files").body, frozenset({"f"}))


def test_many_shell_lines_make_one_short_note() -> None:
    [note] = not_run([(f"cell {n}", "!ls") for n in range(9)], PROGRAM)
    assert note.count("`!ls`") == 5 and "and 4 more lines" in note


def test_a_shell_line_that_an_exercise_needs_has_a_note_of_its_own() -> None:
    [note] = not_run([("cell 1, line 1", "files = !ls")], PROGRAM)
    assert "`f` needs it" in note and note.endswith("write the value of files")


def test_names_are_listed_as_a_sentence() -> None:
    assert needing(["a", "b", "c"]) == "`a`, `b` and `c` need it"


def test_prints_and_constants_are_no_work() -> None:
    body = ast.parse("print(1)\nx = 2\n'text'\nfor k in a:\n    print(k)\nplot()\nfor k in a:\n    plot(k)").body
    assert [is_work(node) for node in body] == [False, False, False, False, True, True]
