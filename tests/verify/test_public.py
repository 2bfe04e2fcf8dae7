"""A wrong answer needs a public check that notices it, or an entry in hidden_on_purpose.toml, and never both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError
from blindgrade.generate.build import build
from blindgrade.verify.proofs import prove_task
from blindgrade.verify.public import few_are_hidden, hidden_misconceptions, read_hidden
from blindgrade.verify.tasks import Task
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON, FOLDER = "lesson-1.1.1", "lesson_1_1_1_basics"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy of the miniature course that a test may break."""
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))


def listed(root: Path, text: str) -> Path:
    path = root / f"graders/{FOLDER}/hidden_on_purpose.toml"
    path.write_text(text)
    return path


def entry(name: str, exercise: str = "standardize") -> str:
    return f'[[misconception]]\nexercise = "{exercise}"\nname = "{name}"\nreason = "why"\n'


def public_proof(root: Path, exercise: str = "standardize") -> str:
    return prove_task(root, Task(LESSON, "public", exercise, exercise)).detail


def test_each_misconception_loses_public_points_or_is_listed(mini: Path) -> None:
    assert [public_proof(mini, name) for name in ("standardize", "correlation", "fit_line")] == ["", "", ""]


def test_a_misconception_that_no_public_check_notices_is_named_with_the_next_step(mini: Path) -> None:
    path = listed(mini, "")
    assert public_proof(mini) == (
        "no public check notices `accepts_one_value`; make a check public that does, or list it with its reason in"
        f" {path}"
    )


def test_a_check_that_becomes_public_makes_the_entry_needless(mini: Path) -> None:
    checks = mini / f"graders/{FOLDER}/checks.py"
    text = checks.read_text()
    old = '@check("standardize")\ndef refuses'
    assert text.count(old) == 1
    checks.write_text(text.replace(old, old.replace(")", ", public=True)")))
    build(Catalog(mini), ["all"], check=False)
    assert "lists `accepts_one_value`, but a public check notices it; remove the entry" in public_proof(mini)


def test_the_proof_judges_by_the_key_of_the_released_checks(mini: Path) -> None:
    (mini / f"exercises/{FOLDER}/answer_key.json").unlink()
    assert "answer_key.json is missing; run `course build`" in public_proof(mini)


def test_an_entry_without_a_misconception_is_an_error(mini: Path) -> None:
    listed(mini, entry("no_such_answer"))
    with pytest.raises(CourseError, match="`standardize` has no misconception `no_such_answer`; correct the entry"):
        hidden_misconceptions(Workshop(mini, LESSON))


def test_the_first_misconception_of_an_exercise_cannot_be_hidden(mini: Path) -> None:
    listed(mini, entry("not_divided"))
    with pytest.raises(CourseError, match="first misconception of `standardize`, so it is the point of the exercise"):
        hidden_misconceptions(Workshop(mini, LESSON))


@pytest.mark.parametrize(
    "text", ["[[misconception", '[[misconception]]\nexercise = "standardize"\n', entry("x").replace("miscon", "con")]
)
def test_a_file_of_another_form_says_which_form_it_needs(mini: Path, text: str) -> None:
    listed(mini, text)
    with pytest.raises(CourseError, match=r"each \[\[misconception\]\] has exercise, name and reason"):
        read_hidden(Catalog(mini).files(LESSON))


def test_a_course_may_hide_one_misconception_in_twenty(mini: Path) -> None:
    shop = Workshop(mini, LESSON)
    assert few_are_hidden([shop]) == ""
    listed(mini, entry("accepts_one_value") + entry("sample_spread"))
    assert "notices 2 of the course's 12 misconceptions; at most 1 may be hidden" in few_are_hidden([shop])
