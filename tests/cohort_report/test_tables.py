"""CSV that a spreadsheet opens without running anything."""

import csv
import io

import pytest

from blindgrade.cohort_report.tables import Column, Table


def _read(*cells):
    table = Table("t", "T", [Column(f"c{n}") for n in range(len(cells))], [cells])
    return list(csv.reader(io.StringIO(table.csv())))[1]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=HYPERLINK("x")', "|x"]
)
def test_text_that_would_be_a_formula_is_made_text(text):
    assert _read(text)[0].startswith("'")
    assert _read([text, "b"])[0].startswith("'")


def test_numbers_stay_numbers_and_unknown_is_empty():
    assert _read(-1, -0.25, None, 1 / 3, True) == ["-1", "-0.25", "", "0.333333", "1"]


def test_quotes_separators_and_line_ends_come_back_unchanged():
    assert _read('a"b', "a,b", "a\nb", ["a", "b"]) == ['a"b', "a,b", "a\nb", "a; b"]


def test_a_title_is_guarded_too():
    assert Table("t", "T", [Column("=1")], []).csv() == "'=1\r\n"
