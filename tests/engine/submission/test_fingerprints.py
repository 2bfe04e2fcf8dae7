from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.submission.fingerprints import DoesNotParse, Fingerprint, fingerprints, to_grade
from blindgrade.engine.submission.lines import LineMap
from blindgrade.engine.submission.reading import LessonSubmission, read_submission
from blindgrade.models import Exercise, Lesson, Outcome

TEXT = """
import torch
from helper import scale

FACTOR = 2


def shared(x):
    return FACTOR * x


def one(x):
    return shared(x)


def two(x):
    return torch.zeros_like(x)


class three:
    def go(self, x):
        one = scale(x)
        return one
"""


def exercise(name: str, *requires: str) -> Exercise:
    return Exercise(
        name=name, title=name, points=1, difficulty=1, concepts=["c"], hints=["a", "b", "c"], requires=list(requires)
    )


LESSON = Lesson.model_validate(
    {
        "id": "lesson-1.1.1",
        "title": "T",
        "summary": "S",
        "exercise": [exercise("one"), exercise("two"), exercise("three")],
    }
)


def submission(text: str = TEXT, **files: str) -> LessonSubmission:
    content = {"helper.py": "def scale(x): return x", **{k.replace("_", "."): v for k, v in files.items()}}
    held = {"basics.py": text.encode(), **{name: body.encode() for name, body in content.items()}}
    return LessonSubmission("p", "d", "basics.py", text, held, LineMap("basics.py"), [])


def changed(text: str = TEXT, **files: str) -> set[str]:
    before, after = fingerprints(submission(), LESSON), fingerprints(submission(text, **files), LESSON)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("torch.zeros_like(x)", "torch.ones_like(x)", {"two"}),
        ("return shared(x)", "return shared(x) + 1", {"one"}),
        ("return FACTOR * x", "return FACTOR + x", {"one"}),
        ("FACTOR = 2", "FACTOR = 3", {"one"}),
        ("return one\n", "return one + 1\n", {"three"}),
        ("import torch", "import numpy as torch", {"two"}),
        ("FACTOR = 2", "FACTOR = 2  # a remark\n\n", set()),
        ("def two(x):", "def unrelated(x):\n    return 0\n\n\ndef two(x):", set()),
        ("import torch", "import torch\n\ntorch.manual_seed(0)", {"one", "two", "three"}),
        ("class three:", "two.weight = 3\n\n\nclass three:", {"two"}),
        ("def two(x):", "def gone(x):", {"two"}),
    ],
    ids=lambda value: value.split("\n")[0] if isinstance(value, str) else None,
)
def test_an_edit_changes_the_exercises_that_use_it(old: str, new: str, expected: set[str]) -> None:
    assert TEXT.count(old) == 1
    assert changed(TEXT.replace(old, new)) == expected


def test_the_own_digest_covers_the_definition_alone() -> None:
    before = fingerprints(submission(), LESSON)["one"]
    after = fingerprints(submission(TEXT.replace("FACTOR * x", "FACTOR + x")), LESSON)["one"]
    assert (before.own == after.own, before.whole == after.whole) == (True, False)


def test_a_helper_belongs_to_the_exercises_that_import_it() -> None:
    assert changed(helper_py="def scale(x): return 2 * x") == {"three"}


def test_a_data_file_belongs_to_every_exercise() -> None:
    assert changed(table_csv="1,2") == {"one", "two", "three"}


def test_a_later_definition_of_the_same_name_is_used() -> None:
    assert changed(TEXT + "\n\ndef shared(x):\n    return x\n") == {"one"}


def test_a_file_that_does_not_parse_says_where() -> None:
    with pytest.raises(DoesNotParse, match=r"basics.py:2: .*never closed"):
        fingerprints(submission("x = 1\ny = (\n"), LESSON)


def test_a_blocked_or_failed_exercise_is_graded_again_with_what_it_requires() -> None:
    lesson = LESSON.model_copy(
        update={
            "exercises": [exercise("one"), exercise("two", "one"), exercise("three", "two"), exercise("four", "one")]
        }
    )
    outcomes = {"two": Outcome.BLOCKED, "three": Outcome.FAILED, "four": Outcome.PASSED}
    assert to_grade(lesson, {"one"}, outcomes) == ["one", "two", "three"]
    assert to_grade(lesson, {"three"}, outcomes) == ["three"]


def test_in_a_real_lesson_one_edit_changes_its_callers_and_no_other(tmp_path: Path) -> None:
    (target,) = Catalog(Path(__file__).parents[3]).find(["lesson-7.2.2"])
    text = target.files.solution.read_text()

    def of(name: str, content: str) -> dict[str, Fingerprint]:
        file = tmp_path / name / "flow_matching.py"
        file.parent.mkdir()
        file.write_text(content)
        found = read_submission(file, [target.files], {})["lesson-7.2.2"]
        assert found is not None
        return fingerprints(found, target.lesson)

    before = of("before", text)
    after = of("after", text.replace("def straightness(", "def straightness(extra=0, *", 1))
    assert {name for name in before if before[name] != after[name]} == {"straightness", "which_lens"}  # which calls it
