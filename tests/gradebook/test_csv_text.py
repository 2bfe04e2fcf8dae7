from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.gradebook.csv_text import csv_text

CELLS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@settings(deadline=None)  # the machine may be busy
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=4),
    delimiter=st.sampled_from(",;\t"),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_a_reader_gets_every_cell_back(rows: list[list[str]], delimiter: str, newline: str) -> None:
    text = csv_text(rows, delimiter, newline)
    assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == rows
