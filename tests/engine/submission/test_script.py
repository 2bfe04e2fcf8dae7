from __future__ import annotations

import pytest

from blindgrade.engine.submission.script import read_script

GRADED = frozenset({"f"})
ANSWER = "def f():\n    return T\n"
HEADER = "# ---\n# jupyter:\n# ---\n"


def code(text: str) -> list[str]:
    return [line for line in read_script(text, "a.py", GRADED).text.split("\n") if line.strip() and line[0] != "#"]


def test_a_file_of_definitions_stays_as_it_is() -> None:
    text = "import math\nT = 1\n\n\n@cache\n" + ANSWER
    found = read_script(text, "a.py", GRADED)
    assert (found.text, found.problems) == (text, [])


def test_a_trial_at_the_end_is_left_out_and_named() -> None:
    found = read_script("T = 1\n" + ANSWER + "for k in range(3):\n    work(f())\nprint(f())\n", "a.py", GRADED)
    assert found.text.split("\n")[:5] == ["T = 1", *ANSWER.split("\n")[:2], "", ""]
    assert found.problems == ["a.py: left out, because no exercise needs it (plots and trials): line 4"]


def test_a_file_that_does_not_parse_stays_as_it_is() -> None:
    text = "plot()\ndef f(:\n"
    assert read_script(text, "a.py", GRADED).text == text


PICTURE = '# %% tags=["notebook-only"]\nplot()\n'


def test_the_courses_own_pictures_are_left_out_without_a_note_and_never_run_in_a_file_that_does_not_parse() -> None:
    found = read_script(PICTURE + "# %%\n" + ANSWER, "a.py", GRADED)
    assert "plot" not in found.text and found.problems == []
    assert "plot" not in read_script(PICTURE + "# %%\ndef f(:\n", "a.py", GRADED).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get_ipython().run_line_magic('time', 'T = 1')\n", "T = 1"),
        ("get_ipython().run_line_magic('run', 'b.py')\n", "get_ipython().run_line_magic('run', 'b.py')"),
        (HEADER + "# %time T = 1\n", "T = 1"),
        (HEADER + "# %run b.py\n", "get_ipython().run_line_magic('run', 'b.py')"),
    ],
)
def test_exported_magics_that_give_names_a_value_become_code(text: str, expected: str) -> None:
    assert code(text + ANSWER)[0] == expected


def test_exported_shell_lines_are_named_and_so_is_the_exercise_that_needs_one() -> None:
    found = read_script("get_ipython().system('ls')\nT = get_ipython().getoutput('pwd')\n" + ANSWER, "a.py", GRADED)
    assert found.problems[0].startswith("a.py:2: `T = !pwd` was not run")
    assert "`f` needs it" in found.problems[0]
    assert found.problems[1].startswith("not run: a.py:1: `!ls`")
    assert found.text.endswith(ANSWER)


def test_a_comment_that_looks_like_a_magic_stays_a_comment_in_a_file_of_ones_own() -> None:
    assert code("# %time T = 1\nplot()\n" + ANSWER) == ANSWER.rstrip().split("\n")
