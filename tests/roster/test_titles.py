"""Rosters as the systems write them. Each has the source of its titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.roster.people import Identifier
from blindgrade.roster.reading import read_roster
from blindgrade.roster.titles import columns_of

FORMATS = {
    # Canvas, lib/gradebook_exporter.rb, with the settings that add columns.
    "canvas": (
        "LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,Essay (7)\n"
        "Doe,Ana,1187,S001,ana,I-1,canvas.uni.edu,LEC 01,7\n",
        "ana", {"canvas": "1187", "sid": "S001", "login": "ana", "integration": "I-1", "name": "Doe, Ana"},
    ),
    # Canvas, doc/api/sis_csv.md: users.csv.
    "canvas's SIS": (
        "user_id,login_id,first_name,last_name,full_name,sortable_name,short_name,email,status\n"
        'S001,ana,Ana,Doe,Ana Doe,"Doe, Ana",Annie,ana@u.edu,active\n',
        "ana", {"sid": "S001", "login": "ana", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # Moodle, mod/assign/gradingtable.php (downloaded as the grading worksheet), lang/en.
    "moodle's worksheet": (
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments\n"
        "Participant 4711,Ana Doe,S001,ana@u.edu,Submitted,,100.00,Yes,-,-,\n",
        "S001", {"moodle": "4711", "sid": "S001", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # The same of a site in German, lang/de: "recordid" is "ID" there.
    "moodle's worksheet in German": (
        "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden\n"
        'Teilnehmer/in 4711,Ana Doe,ana@u.edu,-,,"100,00",Ja\nTeilnehmer/in 12,Bo Roe,bo@u.edu,-,,"100,00",Ja\n',
        "ana@u.edu", {"moodle": "4711", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # Moodle's German language pack has no space after "Teilnehmer/in".
    "moodle's worksheet in German without a space": (
        "ID,Vollständiger Name,E-Mail-Adresse,Bewertung\nTeilnehmer/in4711,Ana Doe,ana@u.edu,\n",
        "ana@u.edu", {"moodle": "4711", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # The same in French, where the column has a title of its own.
    "moodle's worksheet in French": (
        "Identifiant,Nom complet,Adresse de courriel\nParticipant4711,Ana Doe,ana@u.edu\n",
        "ana@u.edu", {"moodle": "4711", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # Moodle, the participants page ("Download table data as"), lang/en and lang/de.
    "moodle's participants": (
        "First name,Last name,ID number,Email address,Groups\nAna,Doe,S001,ana@u.edu,G1\n",
        "S001", {"sid": "S001", "email": "ana@u.edu", "name": "Doe, Ana"},
    ),
    "moodle's participants in German": (
        "Vorname;Nachname;Anmeldename;ID-Nummer;E-Mail-Adresse;Gruppen\nAna;Doe;ana;S001;ana@u.edu;G1\n",
        "ana", {"login": "ana", "sid": "S001", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    "moodle's participants in French": (
        "Prénom;Nom de famille;Nom d’utilisateur;Numéro d'identification;Adresse de courriel\n"
        "Ana;Doe;ana;S001;ana@u.edu\n",
        "ana", {"login": "ana", "sid": "S001", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # Gradescope, "Download Roster" and the columns that its upload asks for (help.gradescope.com).
    "gradescope": (
        "First Name,Last Name,SID,Email,Role,Section\nAna,Doe,S001,ana@u.edu,Student,A\n",
        "S001", {"sid": "S001", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    "gradescope with full names": (
        "Full Name,Email Address,Student ID\nAna Doe,ana@u.edu,S001\n",
        "S001", {"sid": "S001", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # GitHub Classroom, "Download" on its page of students; the identifier is what the instructor wrote.
    "github classroom": (
        '"identifier","github_username","github_id","name"\n"ana@u.edu","ana-d","77","Ana Doe"\n',
        "ana@u.edu", {"email": "ana@u.edu", "any": "ana-d", "name": "Ana Doe"},
    ),
    "github classroom with names": (
        '"identifier","github_username","github_id","name"\n"Ana Doe","ana-d","77",""\n',
        "ana-d", {"any": "ana-d", "name": "Doe, Ana"},
    ),
    # Classroom 50, roster.csv (its FULL_ROSTER_HEADER).
    "classroom 50": (
        "username,first_name,last_name,email,section,github_id,role\nana-d,Ana,Doe,ana@u.edu,A,77,student\n",
        "ana-d", {"login": "ana-d", "any": "ana-d", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
    # nbgrader, `nbgrader db student import`: the columns of its Student.
    "nbgrader": (
        "id,first_name,last_name,email,lms_user_id\nana,Ana,Doe,ana@u.edu,1187\n",
        "ana", {"id": "ana", "canvas": "1187", "email": "ana@u.edu", "name": "Ana Doe"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("system", FORMATS)
def test_every_systems_own_list_is_a_roster(tmp_path: Path, system: str) -> None:
    text, student, identifiers = FORMATS[system]
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv")
    assert next(iter(roster.people)) == student
    for space, value in identifiers.items():
        assert roster.find([Identifier(space, value)]) == (student, ""), space
    assert not [note for note in roster.notes if "unknown columns" in note]


def test_assignments_of_canvas_are_no_unknown_columns_and_hold_no_numbers() -> None:
    found = columns_of(["Student", "ID", "Section", "email", "Essay (7)"], [])
    assert found.spaces == ["name", "canvas", "section", "", ""] and found.unknown == []


def test_a_student_id_beside_an_id_is_the_number() -> None:
    assert columns_of(["id", "Student ID"], []).spaces == ["id", "sid"]


def test_ids_that_end_with_digits_are_no_numbers_of_moodle() -> None:
    assert columns_of(["ID", "Name"], [["ana1", "Ana"], ["participant2", "Bo"]]).spaces[0] == "id"
