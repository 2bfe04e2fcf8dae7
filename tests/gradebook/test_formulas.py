import pytest

from blindgrade.gradebook.formulas import guarded


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_formula_for_a_spreadsheet_becomes_text(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Ana Doe", "O'Neil", "8.5", "a=b"])
def test_other_text_stays(text: str) -> None:
    assert guarded(text) == text
