"""What a docstring promises, and what a hidden check observes, a public check observes too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.verify.promises import promises_have_public_checks
from blindgrade.verify.workshop import Workshop

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON, FOLDER = "lesson-1.1.1", "lesson_1_1_1_basics"


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy of the miniature course that a test may break."""
    return Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", "build")))


def edited(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
    (root / file).write_text(text.replace(old, new))


def gaps(root: Path) -> str:
    return promises_have_public_checks(Workshop(root, LESSON))


def without_entry(root: Path, promise: str) -> None:
    old = f'[[promise]]\nexercise = "standardize"\npromise = "{promise}"\n'
    edited(root, f"graders/{FOLDER}/hidden_on_purpose.toml", old, old.replace("[[promise]]", "[[misconception]]"))
    path = root / f"graders/{FOLDER}/hidden_on_purpose.toml"
    path.write_text(path.read_text().replace(f'promise = "{promise}"', 'name = "accepts_one_value"'))


def test_what_is_listed_is_no_gap(mini: Path) -> None:
    assert gaps(mini) == ""


def test_a_promised_error_without_a_public_check_is_named(mini: Path) -> None:
    without_entry(mini, "ValueError")
    assert gaps(mini) == ("`standardize`: its docstring promises ValueError; write a public check that uses error_of")


def test_what_only_a_hidden_check_observes_is_named(mini: Path) -> None:
    without_entry(mini, "unchanged")
    assert "only hidden checks observe unchanged (works_on_a_single_row); make one public, or use Watch" in gaps(mini)


@pytest.mark.parametrize(
    ("sentence", "promise"),
    [
        ("The result has the dtype of first.", "dtype"),
        ("The result carries no gradient.", "gradients"),
        ("Both rows stay as they are.", "unchanged"),
    ],
)
def test_each_kind_of_promise_is_found_in_a_docstring(mini: Path, sentence: str, promise: str) -> None:
    path = mini / f"solutions/{FOLDER}/basics.py"
    text = path.read_text()
    start = text.index('"""', text.index("def fit_line("))
    end = text.index('"""', start + 3)
    path.write_text(f"{text[:end].rstrip()} {sentence}{text[end:]}")
    assert f"`fit_line`: its docstring promises {promise}" in gaps(mini)


def test_an_entry_that_a_public_check_covers_is_an_error(mini: Path) -> None:
    old = '@check("standardize")\ndef works'
    edited(mini, f"graders/{FOLDER}/checks.py", old, old.replace(")", ", public=True)"))
    assert "a public check covers unchanged of `standardize`; remove the entry" in gaps(mini)


def test_an_entry_for_something_unknown_is_an_error(mini: Path) -> None:
    edited(mini, f"graders/{FOLDER}/hidden_on_purpose.toml", 'promise = "unchanged"', 'promise = "speed"')
    assert "`standardize` has no promise `speed`; correct the entry" in gaps(mini)
