"""An entry has the style of known_answers.py, and stands below the wrong answers of its exercise."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from blindgrade.cohort_report.samples import Sample, sample_of
from blindgrade.discover.entries import Entry, NoEntry, added, entry
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.engine.answers.known import read_known_answers
from blindgrade.engine.judging.wrong_answers import WrongAnswer
from blindgrade.verify.workshop import Workshop

from ..planted import course_copy

MINI = Path(__file__).parents[1] / "courses" / "mini"
NOTHING = WrongAnswer({}, frozenset())


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    return Workshop(MINI, "lesson-1.1.1")


def line_of(workshop: Workshop, text: str) -> int:
    return next(n for n, line in enumerate(workshop.solution.text.splitlines(), start=1) if text in line)


def test_a_change_inside_the_exercise_is_an_edit_and_no_students_code(workshop: Workshop) -> None:
    line = line_of(workshop, "centered = values")
    change = MutantReply(line, "values - values.mean(dim=-1, keepdim=True)", "values + 1", "sign", NOTHING)
    found = entry(workshop, "standardize", "odd", "Look.", [change], None)
    assert found == Entry(
        'wrong("odd", "values - values.mean(dim=-1, keepdim=True)", "values + 1", hint="Look.")', of_a_student=False
    )


def test_a_change_whose_text_occurs_twice_takes_its_whole_line(workshop: Workshop) -> None:
    line = line_of(workshop, "if values.shape[-1]")
    change = MutantReply(line, "-1", "1", "element", NOTHING)
    found = entry(workshop, "standardize", "odd", "Look.", [change], None)
    assert found.text.startswith('wrong("odd", "if values.shape[-1] < 2:", "if values.shape[1] < 2:",')


def test_a_change_of_a_helper_needs_the_students_code(workshop: Workshop) -> None:
    change = MutantReply(line_of(workshop, "(centered**2)"), "centered**2", "centered**3", "power", NOTHING)
    with pytest.raises(NoEntry, match="no student's file of this group"):
        entry(workshop, "standardize", "odd", "Look.", [change], None)
    sample = sample_of(workshop.lesson, "standardize", "def standardize(values):\n    return values ** 3 / 2\n")
    found = entry(workshop, "standardize", "odd", "Look.", [change], sample)
    assert found == Entry('@wrong(hint="Look.")\ndef odd(values):\n    return values ** 3 / 2', of_a_student=True)


def test_helpers_of_a_function_are_inside_it_and_known_imports_are_left_out(workshop: Workshop) -> None:
    text = """
import math
import torch

SCALE = math.pi

def unused(): return 1

def _scaled(x):
    return x * SCALE

def correlation(first, second):
    "Written by Ada."
    return _scaled(standardize(first)) + torch.zeros(1)
"""
    sample = sample_of(workshop.lesson, "correlation", text)
    assert sample is not None and "Ada" not in sample.whole and "unused" not in sample.whole
    found = entry(workshop, "correlation", "odd", 'Say "hi".', [], sample)
    assert found.text == (
        "@wrong(hint='Say \"hi\".')\ndef odd(first, second):\n    import math\n    SCALE = math.pi\n\n"
        "    def _scaled(x):\n        return x * SCALE\n    return _scaled(standardize(first)) + torch.zeros(1)"
    )


@pytest.mark.parametrize(
    ("name", "sample", "says"),
    [
        ("values", Sample("def standardize(values):\n    return values ** 3"), "uses the name 'values'"),
        ("standardize", Sample("def standardize(x):\n    return x ** 3"), "uses the name 'standardize'"),
        ("odd", Sample("class standardize:\n    y = HELP", "HELP = 3"), "is a class that uses other parts"),
        ("odd", Sample("async def standardize(x):\n    return x"), "is no plain function"),
    ],
)
def test_what_cannot_be_an_entry_says_what_to_do(workshop: Workshop, name: str, sample: Sample, says: str) -> None:
    with pytest.raises(NoEntry, match=says):
        entry(workshop, "standardize", name, "Look.", [], sample)


EDIT = Entry('wrong("odd", "< 2", "< 9", hint="h")', of_a_student=False)
WHOLE = Entry('@wrong(hint="h")\ndef odd(values):\n    return values', of_a_student=True)


@pytest.mark.parametrize("new", [EDIT, WHOLE])
@pytest.mark.parametrize("exercise", ["standardize", "correlation", "fit_line"])
def test_an_entry_is_read_as_the_last_wrong_answer_of_its_exercise(tmp_path: Path, exercise: str, new: Entry) -> None:
    shop = Workshop(course_copy(tmp_path / "course"), "lesson-1.1.1")
    path = shop.files.known_answers
    before = read_known_answers(shop.solution)
    text = path.read_text()
    edit = exercise if new is WHOLE or exercise == "standardize" else ""
    made = added(text, shop.lesson, exercise, new)
    assert "\n\n\n\n" not in made and made.endswith("\n") and not made.endswith("\n\n")
    kept = made.replace(new.text, "")
    assert [line for line in kept.split("\n") if line] == [line for line in text.split("\n") if line]
    if edit:
        path.write_text(made)
        after = read_known_answers(shop.solution)
        assert [v.name for v in after.right] == [v.name for v in before.right]
        own = [v.name for v in after.wrong if v.exercise == exercise]
        assert own == [*(v.name for v in before.wrong if v.exercise == exercise), "odd"]


def test_an_exercise_without_answers_gets_a_group_and_a_lesson_without_a_file_one(
    workshop: Workshop,
) -> None:
    text = '"""Known."""\n\nfrom blindgrade.known_answers import exercise, right\n\nexercise("fit_line")\n'
    made = added(text, workshop.lesson, "standardize", EDIT)
    assert made == (
        '"""Known."""\n\nfrom blindgrade.known_answers import exercise, right, wrong\n\nexercise("fit_line")\n\n\n'
        f'exercise("standardize")\n{EDIT.text}\n'
    )
    fresh = added("", workshop.lesson, "standardize", WHOLE)
    ast.parse(fresh)
    assert fresh == (
        '"""Known right and wrong answers to lesson 1.1.1."""\n\nfrom blindgrade.known_answers import exercise, wrong\n'
        f'\n\nexercise("standardize")\n\n\n{WHOLE.text}\n'
    )
