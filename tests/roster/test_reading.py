from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from blindgrade.roster.errors import RosterError
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier
from blindgrade.roster.reading import read_roster

# Canvas writes these lines (lib/gradebook_exporter.rb), with the test student at the end.
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Basics (7),Final Score\n"
    ",,,,,Manual Posting,\n"
    "    Points Possible,,,,,100,(read only)\n"
    '"Doe, Ana",1187,S001,ana,LEC 01,8.5,71\n'
    '"Student, Test",9,,8f2ac3,LEC 01,,\n'
)


def roster(tmp_path: Path, text: str) -> Roster:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def said(tmp_path: Path, text: str) -> list[str]:
    """The notes, without the folder."""
    return [note.replace(f"{tmp_path}/", "") for note in roster(tmp_path, text).notes]


def test_a_student_is_found_by_every_value_in_the_roster(tmp_path: Path) -> None:
    people = roster(
        tmp_path,
        "id,first_name,last_name,email,canvas_id,Identifier\n"
        "ana,Ana,Doe,Ana@uni.edu,1187,Participant 4711\nbo,Bo,Roe,,,\n",
    )
    for space, value in [
        ("id", "ana"), ("email", "ana@UNI.edu"), ("canvas", "1187"), ("moodle", "4711"), ("name", "Doe, Ana"),
        ("name", "doeana"), ("any", "Ana Doe"), ("any", "ANA"), ("login", "ana"), ("sid", "ana"),
    ]:  # fmt: skip
        assert people.find([Identifier(space, value)]) == ("ana", ""), (space, value)


def test_canvas_gradebook_export_is_a_roster_without_its_test_student(tmp_path: Path) -> None:
    people = roster(tmp_path, CANVAS)
    assert list(people.people) == ["ana"]
    assert people.find([Identifier("canvas", "1187")]) == ("ana", "")
    assert people.find([Identifier("any", "LEC 01")])[0] is None
    split = CANVAS.replace("Student,ID", "LastName,FirstName,ID").replace('"Doe, Ana"', "Doe,Ana")
    split = split.replace('"Student, Test"', "Student,Test").replace(",,,,,", ",,,,,,")
    assert list(roster(tmp_path, split).people) == ["ana"]
    assert people.person("ana").name == "Doe, Ana" and people.person("ana").get("section") == "LEC 01"


def test_somebody_whose_real_name_is_test_student_stays(tmp_path: Path) -> None:
    assert list(roster(tmp_path, CANVAS.replace("9,,8f2ac3", "9,S009,test")).people) == ["ana", "test"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column `id`"),
        ("name\nAna\n", "no column `id`"),
        ("id,name\n", "lists nobody"),
        ("id\n../ana\n", "roster.csv:2: '../ana' cannot be an id"),
        ("id,name\n,Ana\n", "roster.csv:2: '' cannot be an id"),
        ("id\nana\nbo\nAna\n", "roster.csv: lines 2 and 4 have the id Ana and ana"),
        ("id\nana\n\nbo\nana\nbo\nbo\n", "roster.csv: lines 2 and 5 have the id ana; lines 4, 6 and 7 have the id bo"),
        ("id,name,ID\nana,Ana,s1\n", "roster.csv has several columns 'ID'; keep one"),
        ("id,name,email\nana,Doe, Ana,x@u\n", "roster.csv:2: more cells than titles; put quotation marks"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RosterError, match=re.escape(says)):
        roster(tmp_path, text)


def test_shared_values_are_named_with_the_lines(tmp_path: Path) -> None:
    text = "id,name,email,sid\na1,Ana Doe,x@u,1\na2,'Doe, Ana',x@u,2\nbo,Bo Roe,bo@u,2\n".replace("'", '"')
    assert said(tmp_path, text) == [
        "roster.csv: lines 2 and 3 have the e-mail address 'x@u', so none of them is found by it",
        "roster.csv: lines 3 and 4 have the number '2', so none of them is found by it",
        "roster.csv: lines 2 and 3 have the name 'Ana Doe', so they are found by number and not by this name",
    ]


def test_names_that_look_alike_are_named_with_the_lines(tmp_path: Path) -> None:
    (note,) = said(tmp_path, "id,name\na1,Ana Doe\na2,Аna Doe\nbo,Bo Roe\n")
    assert note == ("roster.csv: lines 2 and 3 look alike: 'Ana Doe' and 'Аna Doe'; check that they are two people")


def test_a_misspelt_title_is_named_once_with_what_may_be_meant(tmp_path: Path) -> None:
    assert said(tmp_path, "id,emial,shoe size\nana,x@u,38\nbo,y@u,40\n") == [
        "roster.csv: unknown columns, which were not used: 'emial' (did you mean 'email'?), 'shoe size'"
    ]


def test_without_an_id_the_next_column_is_used_and_named(tmp_path: Path) -> None:
    """In a Gradescope roster, for example, the student id is optional."""
    text = "First Name,Last Name,SID,Email,Role\nAna,Doe,S001,ana@u.edu,Student\nBo,Roe,,bo@u.edu,Student\n"
    assert list(roster(tmp_path, text).people) == ["S001", "bo@u.edu"]
    assert said(tmp_path, text) == ["roster.csv has no column `id`, so ids come from 'SID'"]


def test_staff_are_left_out_and_named(tmp_path: Path) -> None:
    text = "id,name,Role\nana,Ana Doe,Student\ntim,Tim Ta,TA\npro,Pro Fessor,Instructor\n"
    assert list(roster(tmp_path, text).people) == ["ana"]
    assert said(tmp_path, text) == ["roster.csv: lines 3 and 4 have a staff role and were left out"]


def test_a_cell_may_hold_a_line_break_and_lines_are_counted_in_the_file(tmp_path: Path) -> None:
    people = roster(tmp_path, 'id,name\nana,"Ana\nDoe"\n\nbo,Bo\n')
    assert people.find([Identifier("name", "Ana Doe")]) == ("ana", "")
    assert [person.line for person in people.people.values()] == [2, 5]


def test_a_title_that_several_columns_have_is_named_and_each_value_finds_the_student(tmp_path: Path) -> None:
    text = "id,email,Email,section,section\nana,a@x,b@x,1,2\n"
    assert said(tmp_path, text) == [
        "roster.csv: several columns have the title 'Email', 'section'; where one value counts, it is the first"
    ]
    people = roster(tmp_path, text)
    assert [people.find((Identifier("email", one),)).student for one in ("a@x", "b@x")] == ["ana", "ana"]
    assert people.person("ana").get("email") == "a@x"


def test_a_sentence_names_ten_lines_at_most(tmp_path: Path) -> None:
    [note] = said(tmp_path, "id,name\n" + "".join(f"s{n},Ana Doe\n" for n in range(500)))
    assert note.startswith("roster.csv: lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 490 more have the name 'Ana Doe'")


OWN_EXPORT = (  # what our gradebook export writes for Canvas from id,name,login,sid,canvas_id
    "Student,ID,SIS User ID,SIS Login ID,Section,Basics\n"
    "    Points Possible,,,,,100\n"
    '"Doe, Ana",1187,ana,adoe,,8\n'
    '"Roe, Bo",1188,S002,,,8\n'
    '"Poe, Cy",1189,cy,cpoe,,8\n'
)


@pytest.mark.parametrize(
    ("known", "ids", "column"),
    [
        (("ana", "cy"), ["ana", "S002", "cy"], "SIS User ID"),
        (("adoe", "cpoe", "ana"), ["adoe", "S002", "cpoe"], "SIS Login ID"),
        (("1187", "1188"), ["1187", "1188", "1189"], "ID"),
        ((), ["adoe", "S002", "cpoe"], "SIS Login ID"),
        (("nobody",), ["adoe", "S002", "cpoe"], "SIS Login ID"),
    ],
)
def test_without_an_id_the_column_that_has_the_names_of_the_folders_is_used(
    tmp_path: Path, known: tuple[str, ...], ids: list[str], column: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(OWN_EXPORT)
    people = read_roster(path, known)
    assert list(people.people) == ids
    assert people.notes == [f"{path} has no column `id`, so ids come from {column!r}"]


def test_ids_may_have_accents_and_two_forms_of_one_letter_are_one_id(tmp_path: Path) -> None:
    text = "id,name\njos\u00e9,Jos\u00e9 Roe\nM\u00fcller,Bob\n\u0142ukasz,\u0141ukasz\n"
    for form in ("NFC", "NFD"):
        people = roster(tmp_path, unicodedata.normalize(form, text))
        assert list(people.people) == ["jos\u00e9", "M\u00fcller", "\u0142ukasz"]
        for value in ("jos\u00e9", "jose\u0301"):
            assert people.find([Identifier("any", value)]).student == "jos\u00e9"
    with pytest.raises(RosterError, match="lines 2 and 3 have the id"):
        roster(tmp_path, "id\njos\u00e9\njose\u0301\n")
