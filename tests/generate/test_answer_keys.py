from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.engine.answers.answer_key import read_key, recorded_misconceptions, recorded_reply
from blindgrade.engine.answers.exact import Keyed
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.generate import answer_keys
from blindgrade.generate.answer_keys import is_current, key_text, recorded_key
from blindgrade.generate.build import build

MINI = Path(__file__).parents[1] / "courses" / "mini"
COURSE = Path(__file__).parents[2]
FOLDER = "lesson_1_1_1_basics"


@pytest.fixture
def mini(tmp_path: Path) -> Catalog:
    shutil.copytree(MINI, tmp_path / "mini")
    return Catalog(tmp_path / "mini")


def edited(catalog: Catalog, file: str, old: str, new: str) -> None:
    path = catalog.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_key_is_the_same_when_it_is_made_again(mini: Catalog) -> None:
    [target] = mini.find(["all"])
    once, again = (key_text(recorded_key(target.files, target.lesson)) for _ in range(2))
    assert once == again == target.files.answer_key.read_text()


def test_a_key_is_out_of_date_when_a_hint_or_a_misconception_changes(mini: Catalog) -> None:
    [target] = mini.find(["all"])
    assert is_current(target.files, target.lesson, recorded_key(target.files, target.lesson))
    known = f"graders/{FOLDER}/known_answers.py"
    edited(mini, known, "Walk against the gradient.", "Against the gradient.")
    assert not is_current(target.files, target.lesson, recorded_key(target.files, target.lesson))
    build(mini, ["all"], check=False)
    assert build(mini, ["all"], check=True) == []


def test_trained_models_of_misconceptions_are_not_recorded(mini: Catalog) -> None:
    [target] = mini.find(["all"])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    key = read_key(target.files.answer_key)
    found = {c.name: list(recorded_misconceptions(c, key["checks"][c.name])) for c in checks.all}
    assert found["finds_the_line"] == []
    assert "covariance" in found["compares_rows"]


def test_a_key_that_is_too_large_names_its_largest_check(mini: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = mini.find(["all"])
    monkeypatch.setattr(answer_keys, "LARGEST", 1000)
    with pytest.raises(CourseError, match="let check has_mean_zero_and_spread_one return less"):
        recorded_key(target.files, target.lesson)


def test_every_key_of_the_course_is_small_and_no_lookup_is_readable() -> None:
    looked_up = []
    for target in Catalog(COURSE).find(["all"]):
        assert target.files.answer_key.stat().st_size <= answer_keys.LARGEST
        checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
        key = read_key(target.files.answer_key)
        for check in checks.all:
            if isinstance(recorded_reply(check, key["checks"][check.name]), Keyed):
                looked_up.append(check.name)
    assert {"places_one_of_each", "tells_the_four_lenses_apart", "knows_the_attention_weights"} <= set(looked_up)
