"""A failed check under a PyTorch that was never tried is said to be perhaps its fault, and no other result is."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.cli.grade.proved import not_proved
from blindgrade.models import Grading
from blindgrade.release.torch_bound import torch_bound

from ...graded import attempt

TESTS = Path(__file__).parents[2]
BOUND = "# The grader.\n./vendor/x.whl\ntorch>=2.6,<2.14\n"
FAILED = Grading.of([attempt("ana", (0, 1, 1), reference="key")])


def _said(folder: Path, version: str, patch: pytest.MonkeyPatch, grading: Grading = FAILED, text: str = BOUND) -> str:
    patch.setattr(importlib.metadata, "version", lambda name: version)
    (folder / "requirements.txt").write_text(text)
    return not_proved(folder, grading)


@pytest.mark.parametrize("other", ["2.5.1", "2.14.0", "2.14.1+cu130", "3.0.0a1"])
def test_a_version_outside_the_bound_is_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    said = _said(tmp_path, other, monkeypatch)
    assert "from 2.6 to below 2.14" in said and f"this is {other}." in said and "python3 install.py" in said


@pytest.mark.parametrize("proved", ["2.6.0", "2.13.1+cpu"])
def test_a_proved_version_is_not_mentioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proved: str) -> None:
    assert _said(tmp_path, proved, monkeypatch) == ""


def test_nothing_is_said_if_all_passed_or_the_solution_is_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Grading.of([attempt("ana", (1, 1, 1), reference="key")])
    live = Grading.of([attempt("ana", (0, 1, 1), reference="live")])
    for grading in (right, live):
        assert _said(tmp_path, "2.99.0", monkeypatch, grading) == ""


def test_nothing_is_said_without_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _said(tmp_path, "2.99.0", monkeypatch, text="./vendor/x.whl\n") == ""
    (tmp_path / "requirements.txt").unlink()
    assert not_proved(tmp_path, FAILED) == ""


def test_a_released_bound_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = torch_bound([]).requirement + "\n"
    assert "this is 1.0.0" in _said(tmp_path, "1.0.0", monkeypatch, text=text)


def test_grade_says_it(tmp_path: Path) -> None:
    course = Path(shutil.copytree(TESTS / "courses" / "mini", tmp_path / "mini"))
    (course / "requirements.txt").write_text("torch>=1.0,<1.1\n")
    submission = TESTS / "submissions" / "mini" / "wrong_and_blocked"
    done = subprocess.run(
        [Path(sys.executable).with_name("grade"), "lesson-1.1.1", "--reference", "key", "--submission", submission],
        capture_output=True, text=True, timeout=120, env={**os.environ, "BLINDGRADE_COURSE": str(course)},
    )  # fmt: skip
    assert done.returncode == 1 and "this course was proved with PyTorch from 1.0 to below 1.1" in " ".join(
        done.stderr.split()
    )
