from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from blindgrade.engine.submission.notebook import NotebookError, NotebookText, read_notebook


def code(*cells: Any) -> bytes:
    made = [c if isinstance(c, dict) else {"cell_type": "code", "source": c} for c in cells]
    return json.dumps({"nbformat": 4, "cells": made}).encode()


def read(*cells: Any) -> NotebookText:
    return read_notebook(code(*cells))


def kept(*cells: Any) -> list[str]:
    return [line for line in read(*cells).text.split("\n") if line.strip()]


def test_cells_keep_their_lines_and_count_all_cells() -> None:
    got = read(
        {"cell_type": "markdown", "source": "# Hi"},
        ["import math\n", "print(1)\n", "x = 2"],
        "\ndef f(): pass",
    )
    assert got.cells == ((1, 2), (5, 3))
    assert got.text.split("\n") == ["import math", "", "", "", "", "def f(): pass", ""]
    assert got.problems == []


def test_line_magics_shell_and_help_lines_are_dropped() -> None:
    magics = "%matplotlib inline\n!pip install \\\n  einops\nfiles = !ls\nmath?\n?math\nt = %time 1\n"
    cell = "import math\n" + magics + "def f(): return math.e"
    assert kept(cell) == ["import math", "def f(): return math.e"]


def test_a_magic_inside_a_block_leaves_the_block_whole() -> None:
    assert kept("def f():\n    !ls\n    return 1") == ["def f():", "    pass", "    return 1"]


@pytest.mark.parametrize("cell", ["def f(a, b):\n    return (a\n  % b)", 'def f():\n    return """\n!ls\n%x\n"""'])
def test_what_only_looks_like_a_magic_stays(cell: str) -> None:
    assert read(cell).text == cell + "\n"
    assert ast.parse(read("%time\n" + cell).text).body
    assert read("%time\n" + cell).text == "\n" + cell + "\n"


@pytest.mark.parametrize("magic", ["time", "timeit", "capture out"])
def test_cells_under_a_timing_magic_are_kept(magic: str) -> None:
    assert kept(f"\n%%{magic}\ndef f(): pass") == ["def f(): pass"]


def test_other_cell_magics_drop_the_whole_cell_and_say_so_if_it_defines() -> None:
    got = read("%%bash\nls", "%%writefile a.py\ndef f(): pass")
    assert got.text.strip() == ""
    assert got.problems[0].startswith("cell 2 starts with %%writefile")
    assert got.problems[1] == "not run: cell 1, line 1: `%%bash`; the grader runs no shell lines and has no network"


def test_top_level_work_is_left_out() -> None:
    work = "import sys\nfor i in range(9):\n    train()\nplot()\n"
    work += "with open('x') as f: pass\nmodel = train()"
    assert kept(work, "async def g(): pass\nclass C: pass") == [
        "import sys",
        "async def g(): pass",
        "class C: pass",
    ]


@pytest.mark.parametrize(
    "definition",
    [
        "def f(): return A",
        "def f(x=A): pass",
        "@A\ndef f(): pass",
        "def f(x: A): pass",
        "def f() -> A: pass",
        "class f(A): pass",
        "class f:\n    x = A",
        "class f:\n    def g(self): return [A for _ in ()]",
        "def f():\n    global A",
        "def f(): return lambda: A",
    ],
)
def test_assignments_that_a_definition_uses_are_kept(definition: str) -> None:
    assert kept("A = 1", definition)[0] == "A = 1"


def test_assignments_are_kept_transitively_and_in_every_form() -> None:
    cell = "a = 1\nb: int = a\n(c, [d, *e]) = b, (1, 2)\nd += 1\nunused = d"
    assert kept(cell, "def f(): return d")[:4] == cell.split("\n")[:4]
    assert "unused = d" not in kept(cell, "def f(): return d")


def test_a_functions_own_variable_does_not_keep_training() -> None:
    assert kept("loss = train()", "def f(x):\n    loss = x\n    return loss") == [
        "def f(x):",
        "    loss = x",
        "    return loss",
    ]


def test_changes_of_kept_names_are_kept() -> None:
    cell = "import matplotlib as plt\ntable = {}\ntable['a'] = 1\nplt.rc['x'] = 2\nother = {}\nother['a'] = 1"
    got = kept(cell, "class M: pass\nM.f = 3", "def f(): return table, plt")
    assert "table['a'] = 1" in got
    assert "M.f = 3" in got
    assert not {"plt.rc['x'] = 2", "other['a'] = 1"} & set(got)


@pytest.mark.parametrize(
    "block",
    [
        "if TYPE_CHECKING:\n    import a",
        "try:\n    import a\nexcept ImportError:\n    pass",
        "if x:\n    def f(): pass\nelse:\n    def f(): return 1",
        "try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): return a",
    ],
)
def test_blocks_of_imports_and_definitions_are_kept(block: str) -> None:
    assert kept(block) == block.split("\n")


def test_blocks_that_do_something_are_left_out() -> None:
    assert kept("if x:\n    import a\n    run()", "try:\n    b = 1\nfinally:\n    pass") == []


def test_statements_that_share_a_line_are_cut_apart() -> None:
    cell = "é = 1; import os; run(); import sys  # why\nrun(\n); import re; x = (\n1)"
    text = read(cell).text
    assert [ast.unparse(n) for n in ast.parse(text).body if not isinstance(n, ast.Pass)] == [
        "import os",
        "import sys",
        "import re",
    ]
    assert text.count("\n") == cell.count("\n") + 1


def test_a_cell_that_does_not_parse_stays_unchanged_and_others_are_filtered() -> None:
    broken = "def f(:\n    return A"
    got = kept("A = 1\nplot()", broken, "run()\ndef g(): pass")
    assert got == ["A = 1", *broken.split("\n"), "def g(): pass"]


def test_an_open_string_does_not_include_the_next_cells() -> None:
    got = read('def f(): pass\nx = """abc\n', 'def g():\n    """doc"""')
    assert [n.name for n in ast.parse(got.text).body if isinstance(n, ast.FunctionDef)] == ["f", "g"]
    assert got.problems[0].startswith("cell 1, line 2: a triple-quoted string has no end")


def test_a_trailing_backslash_ends_with_its_cell() -> None:
    got = read("x = 1 \\", "def g(): pass")
    assert got.text.split("\n")[:3] == ["x = 1 \\", "", "def g(): pass"]


@pytest.mark.parametrize(
    "cell", ["x" + "\0", {"cell_type": "code"}, {"source": "x"}, 7, {"cell_type": "code", "source": [1]}]
)
def test_an_unreadable_cell_is_a_problem_and_the_rest_is_read(cell: Any) -> None:
    document = {"cells": [cell if not isinstance(cell, str) else {"cell_type": "code", "source": cell}]}
    document["cells"].append({"cell_type": "code", "source": "def f(): pass"})
    got = read_notebook(json.dumps(document).encode())
    assert got.text.strip() == "def f(): pass"
    assert got.cells[-1][1] == 2
    assert len(got.problems) == 1
    assert got.problems[0].startswith("cell 1 ")


def test_broken_characters_are_replaced_and_reported() -> None:
    got = read("def f(): return '\ud800'")
    assert "'?'" in got.text
    assert len(got.problems) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"cells": [\n  oops]}', "line 2"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 200_000, "is nested too deeply"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "number that is too long"),
        (b"[]", "version 4"),
        (b'{"worksheets": []}', "version 4"),
    ],
)
def test_a_file_that_is_not_a_notebook_gives_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(NotebookError, match=says):
        read_notebook(content)


def test_expressions_too_deep_to_parse_stay_and_do_no_harm() -> None:
    assert read("x = " + "(" * 3_000, "def g(): pass").text.endswith("def g(): pass\n")
