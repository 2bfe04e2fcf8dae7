"""Known answers: what a known_answers.py may contain, and the line of everything else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.answers.known import KnownAnswers, read_known_answers
from blindgrade.engine.answers.solution import Solution

MINI = Path(__file__).parents[2] / "courses" / "mini"
HEAD = "from blindgrade.known_answers import exercise, fails, right, wrong\n\n"


def known(folder: Path, text: str) -> KnownAnswers:
    course = folder / "course"
    if not course.exists():
        shutil.copytree(MINI, course)
    [target] = Catalog(course).find(["lesson-1.1.1"])
    target.files.known_answers.write_text(HEAD + text, encoding="utf-8")
    return read_known_answers(Solution(target.files, target.lesson))


def test_an_edit_changes_the_definition_of_its_exercise(tmp_path: Path) -> None:
    found = known(
        tmp_path,
        """exercise("standardize")
wrong("not_divided", "return centered / _spread(centered)", "return centered", hint="Still spread.")
exercise("correlation")
right("a_sum", ").mean(dim=-1)", ").sum(dim=-1) / first.shape[-1]")
""",
    )
    [wrong], [right] = found.wrong, found.right
    assert (wrong.exercise, wrong.name, wrong.hint, wrong.line) == ("standardize", "not_divided", "Still spread.", 4)
    assert "return centered\n" in wrong.text and "/ _spread(centered)" not in wrong.text
    assert (right.exercise, right.name, right.hint) == ("correlation", "a_sum", "")
    assert ").sum(dim=-1) / first.shape[-1]" in right.text


def test_another_way_to_fail_has_the_two_forms_and_no_hint(tmp_path: Path) -> None:
    found = known(
        tmp_path,
        """exercise("standardize")
fails("halved", "return centered /", "return 0.5 * centered /")


@fails
def nothing(values):
    return values
""",
    )
    assert [(f.exercise, f.name, f.hint) for f in found.fails] == [
        ("standardize", "halved", ""),
        ("standardize", "nothing", ""),
    ]
    assert (found.right, found.wrong) == ([], [])


def test_a_replacement_is_the_last_definition_and_uses_the_files_helpers(tmp_path: Path) -> None:
    found = known(
        tmp_path,
        """from functools import cache

HALF = 0.5


@cache
def _helper():
    return HALF


exercise("standardize")


@right
def by_itself(values):
    return by_itself(values) if False else values * _helper()


@wrong(hint="No.")
@cache
def remembered(values):
    return values
""",
    )
    [right], [wrong] = found.right, found.wrong
    tail = right.text.split("HALF = 0.5", 1)
    assert "from functools import cache" in tail[0]
    assert tail[1] == (
        "\n@cache\ndef _helper():\n    return HALF\n\ndef standardize(values):\n"
        "    return by_itself(values) if False else values * _helper()\nby_itself = standardize\n"
    )
    assert "@cache\ndef standardize(values):\n    return values\nremembered = standardize\n" in wrong.text
    assert wrong.hint == "No."


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('wrong("a", "b", "c", hint="d")', 3, "must come before the first answer"),
        ('exercise("unknown")', 3, "exercise `unknown` is not in"),
        ('exercise("standardize")\nwrong("a", "values", "c", hint="d")', 4, "it must occur exactly once"),
        ('exercise("standardize")\nwrong("a", "nowhere", "c", hint="d")', 4, "occurs 0 times"),
        ('exercise("standardize")\nwrong("a", "< 2", "< 1")', 4, "hint is missing"),
        ('exercise("standardize")\n@wrong\ndef f(values): ...', 5, "hint is missing"),
        ('exercise("standardize")\nwrong("a", "< 2", "< " + one, hint="d")', 4, "plain strings"),
        ('exercise("standardize")\nwrong("a", "< 2", "< 1", "d", "e")', 4, "remove the others"),
        ('exercise("standardize")\nright("a", "< 2", "< 3", hint="d")', 4, "there is no argument hint"),
        (
            'exercise("standardize")\nwrong("a", "< 2", "< 1", hint="d")\nwrong("a", "< 2", "< 0", hint="d")',
            5,
            "defined twice",
        ),
        ("exercise(", 3, "never closed"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(CourseError, match=rf"known_answers\.py:{line}: .*{problem}"):
        known(tmp_path, text)


def test_the_digest_of_an_exercise_depends_on_its_wrong_answers_alone(tmp_path: Path) -> None:
    first = 'exercise("standardize")\nwrong("a", "< 2", "< 1", hint="d")\n'
    other = 'exercise("correlation")\nwrong("b", ".mean(dim=-1)", ".mean()", hint="e")\n'
    before = known(tmp_path, first + other)
    hinted = known(tmp_path, first.replace('"d"', '"dd"') + other)
    righted = known(tmp_path, first + 'right("c", "< 2", "<= 1")\n' + other)
    assert [before.digest(e) == hinted.digest(e) for e in ("standardize", "correlation")] == [False, True]
    assert [before.digest(e) == righted.digest(e) for e in ("standardize", "correlation")] == [True, True]
