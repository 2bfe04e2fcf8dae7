from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.roster.errors import RosterError
from blindgrade.roster.table import Table, read_table

ROWS = [["id", "name"], ["ana", "Doe, Ana"], ["zoe", "Zoë; Müller"]]


def written(separator: str) -> str:
    """ROWS as Excel writes them."""
    return "".join(separator.join(f'"{cell}"' if separator in cell else cell for cell in row) + "\r\n" for row in ROWS)


def table(tmp_path: Path, content: bytes) -> Table:
    (tmp_path / "roster.csv").write_bytes(content)
    return read_table(tmp_path / "roster.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_and_separator_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    found = table(tmp_path, written(separator).encode(encoding))
    assert [found.titles, *(row for _, row in found.rows)] == ROWS
    assert [line for line, _ in found.rows] == [2, 3]
    guessed = [note for note in found.notes if "was read as Windows-1252; check that 'Zoë; Müller' is right" in note]
    assert len(guessed) == len(found.notes) == (encoding == "cp1252")


def test_a_first_line_of_excels_own_names_the_separator_and_is_counted(tmp_path: Path) -> None:
    found = table(tmp_path, ("sep=;\r\n" + written(";")).encode())
    assert found.titles == ["id", "name"] and [line for line, _ in found.rows] == [3, 4]


def test_blank_lines_and_lines_of_separators_are_no_rows(tmp_path: Path) -> None:
    found = table(tmp_path, b"\n,,\nid,name\n\nana,Ana\n , \nbo,Bo\n\n")
    assert found.titles == ["id", "name"] and found.rows == [(5, ["ana", "Ana"]), (7, ["bo", "Bo"])]


def test_a_separator_in_a_title_does_not_hide_the_other(tmp_path: Path) -> None:
    found = table(tmp_path, b"id;name;a,b,c,d,e\nana;Ana;x\n")
    assert found.titles == ["id", "name", "a,b,c,d,e"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'id,name\nana,"x\n', r"roster.csv:2: this line cannot be read as CSV \(unexpected end of data\); correct it"),
        (b"PK\x03\x04rest", "is a workbook; save it as CSV UTF-8"),
        (b"id,name\nana,\x81\xff\n", "cannot be read as cp1252 .*; save it as UTF-8 CSV"),
        (b"\xff\xfei\x00d\x00\n", "cannot be read as utf-16-le .*; save it as UTF-8 CSV"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(RosterError, match=says):
        table(tmp_path, content)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RosterError, match="No such file or directory.*; name a CSV file with --roster"):
        read_table(tmp_path / "none.csv")
    monkeypatch.setattr("blindgrade.roster.table.MAX_BYTES", 2)
    with pytest.raises(RosterError, match="larger than"):
        table(tmp_path, b"id\nana\n")
