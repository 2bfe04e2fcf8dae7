from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.collect.roster import Identifier, RosterError, read_roster


def roster(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def test_a_student_is_found_by_everything_that_the_roster_says(tmp_path: Path) -> None:
    people = roster(
        tmp_path,
        "id,first_name,last_name,email,canvas_id,Identifier\n"
        "ana,Ana,Doe,Ana@uni.edu,1187,Participant 4711\nbo,Bo,Roe,,,\n",
    )
    for space, value in [
        ("id", "ana"), ("email", "ana@UNI.edu"), ("canvas", "1187"), ("moodle", "4711"), ("name", "Doe, Ana"),
        ("name", "doeana"), ("any", "Ana Doe"), ("any", "ANA"), ("login", "ana"), ("sid", "ana"),
    ]:  # fmt: skip
        assert people.find((Identifier(space, value),)) == ("ana", ""), (space, value)


def test_the_number_of_one_system_is_not_taken_for_that_of_another(tmp_path: Path) -> None:
    people = roster(tmp_path, "id,canvas_id\n1187,42\n55,1188\n")
    assert people.find((Identifier("canvas", "1187"),))[0] is None
    assert people.find((Identifier("canvas", "42"),)) == ("1187", "")


def test_numbers_are_believed_before_names(tmp_path: Path) -> None:
    """A student may call themselves like another."""
    people = roster(tmp_path, "id,name,canvas_id\nana,Ana Doe,1\nbo,Bo Roe,2\n")
    assert people.find((Identifier("canvas", "2"), Identifier("name", "Ana Doe"))) == ("bo", "")


def test_who_is_unclear_is_nobody(tmp_path: Path) -> None:
    people = roster(tmp_path, "id,name,email,sid\na1,Ana Doe,x@u,1\na2,Ana Doe,y@u,2\n")
    assert "several students" in people.find((Identifier("name", "Ana Doe"),))[1]
    assert "several students" in people.find((Identifier("email", "x@u"), Identifier("sid", "2")))[1]
    assert people.find((Identifier("name", "Zoe"),)) == (None, "it is not in the roster; add it there")
    assert "looks like a1" in people.find((Identifier("name", "Аna Doe"),))[1]


def test_canvas_gradebook_export_is_a_roster(tmp_path: Path) -> None:
    people = roster(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,Basics (7)\n"
        "    Points Possible,,,,,100\n"
        '"Doe, Ana",1187,S001,ana,LEC 01,8.5\n"Student, Test",9,,,LEC 01,\n',
    )
    assert people.ids == ["ana", "9"]
    assert people.find((Identifier("canvas", "1187"),)) == ("ana", "")
    assert people.find((Identifier("any", "LEC 01"),))[0] is None


@pytest.mark.parametrize(
    "text,says",
    [
        ("", "no column `id`"),
        ("name\nAna\n", "no column `id`"),
        ("id,name\n", "lists nobody"),
        ("id\n../ana\n", "roster.csv:2: '../ana' cannot be an id"),
        ("id,name\n,Ana\n", "cannot be an id"),
        ("id\nana\nbo\nAna\n", "roster.csv:4: Ana and ana are one id"),
        ('id,name\nana,"x\n', "cannot be read as CSV"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RosterError, match=says.replace(".", r"\.").replace("(", r"\(")):
        roster(tmp_path, text)


def test_other_separators_and_a_mark_of_utf8_are_read(tmp_path: Path) -> None:
    assert roster(tmp_path, "\ufeffid;name\nana;Ana Doe\n").ids == ["ana"]


def test_a_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    people = roster(tmp_path, 'id,name,note\nana,"Ana\nDoe",x\nbo,Bo,y\n')
    assert people.ids == ["ana", "bo"] and people.find((Identifier("name", "Ana Doe"),)) == ("ana", "")
