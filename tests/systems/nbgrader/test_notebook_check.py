"""The check that a released notebook's grade cells run in the student's Jupyter."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.systems.nbgrader.notebook_check import ChecksFailed, NotGradedHere, check

MINI = str(Path(__file__).parents[2] / "courses" / "mini")


def test_right_work_passes_the_public_checks(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec((Path(MINI).parents[1] / "submissions/mini/all_right/basics.py").read_text(), names)
    check("lesson-1.1.1/standardize", names, MINI)
    said = "1 of 1 public checks passed; 1 of 3 checks is public, the others run when you hand in"
    assert capsys.readouterr().out == f"lesson-1.1.1/standardize: {said}\n"


def test_wrong_work_fails_with_the_claim_and_where_it_differs() -> None:
    with pytest.raises(ChecksFailed, match="1 of 1 public checks failed\n✗ Each row has mean 0.*\n.*expected"):
        check("lesson-1.1.1/standardize", {"standardize": lambda values: values}, MINI)


def test_what_is_not_written_fails() -> None:
    with pytest.raises(ChecksFailed, match="defines no `standardize`"):
        check("lesson-1.1.1/standardize", {}, MINI)


def test_hidden_checks_are_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """`standardize` of one value should raise; that check is hidden, so a wrong answer gets no message about it."""
    names: dict[str, object] = {}
    text = (Path(MINI).parents[1] / "submissions/mini/all_right/basics.py").read_text()
    exec(text.replace("< 2", "< 0"), names)
    check("lesson-1.1.1/standardize", names, MINI)


def test_a_kernel_that_autogrades_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(NotGradedHere, match="nbgrader_config.py"):
        check("lesson-1.1.1/standardize", {"standardize": lambda values: values}, MINI)
