"""Worksheets in the shape that Moodle offers, read back by the rules of its importer (importgradeslib.php)."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.marks import NoShows
from blindgrade.gradebook.scores import LessonScores
from blindgrade.models import Level
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.student_view import student_view
from blindgrade.systems.moodle.worksheet import feedback, fill

from ...graded import LESSON, scored

WORKSHEET = (
    "\ufeffIdentifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\","
    "\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n"
    'Participant 4711,"Ana Doe",ana@uni.edu,"Submitted for grading",,10.00,Yes,"Monday, 2 November 2026, 10:00 AM",-,\n'
    'Participant 4712,"=cmd|calc",bo@uni.edu,"Submitted for grading",3.00,10.00,Yes,'
    '"Monday, 2 November 2026, 10:00 AM","Tuesday, 3 November 2026, 9:00 AM","<p>old</p>"\n'
    'Participant 4713,"Cy Poe",cy@uni.edu,"Submitted for grading",,10.00,No,-,-,\n'
    'Participant 4714,"Di Low",di@uni.edu,"No submission",,10.00,Yes,-,-,\n'
)  # fmt: skip
PEOPLE = Roster.of(Person(s, (Identifier("email", f"{s}@uni.edu"),)) for s in ("ana", "bo", "cy"))


def imported(text: str) -> dict[str, tuple[str, str, str]]:
    """Data that Moodle would take, by participant: grade, last modified, feedback. It finds columns by their titles."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    for title in ("Identifier", "Grade", "Last modified (grade)"):
        assert title in rows[0], "Moodle refuses the file"
    found = {}
    for row in rows:
        assert row["Identifier"].startswith("Participant ")
        participant = row["Identifier"][len("Participant ") :]
        found[participant] = (row["Grade"], row["Last modified (grade)"], row.get("Feedback comments", ""))
    return found


def filled(scores: LessonScores, text: str = WORKSHEET, **titles: str) -> Filled:
    return fill(text, scores, PEOPLE, titles)


def test_grades_come_back_in_moodles_scale_with_feedback(scores: LessonScores) -> None:
    done = filled(scores)
    found = imported(done.text)
    assert (found["4711"][0], found["4712"][0], done.written) == ("10.00", "5.20", 2)
    assert "<b>One scale: 32 of 40</b><br>- ✗ The claim &lt;of&gt; a check. → Look again." in found["4712"][2]


def test_the_columns_that_protect_newer_grades_stay_unchanged(scores: LessonScores) -> None:
    found = imported(filled(scores).text)
    assert found["4711"][1] == "-"
    assert found["4712"][1] == "Tuesday, 3 November 2026, 9:00 AM"


def test_a_student_who_was_not_graded_stays_unchanged(scores: LessonScores) -> None:
    assert imported(filled(scores).text)["4714"] == ("", "-", "")


def test_a_locked_grade_is_left_and_reported(scores: LessonScores) -> None:
    done = filled(scores)
    assert imported(done.text)["4713"][0] == ""
    assert done.notes == ["cy's grade cannot be changed in Moodle and was left unchanged"]


def test_nothing_that_a_student_wrote_runs(scores: LessonScores) -> None:
    text = filled(scores).text
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    assert "'=cmd|calc" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert "<script>" not in text and "HYPERLINK" not in text


def test_the_files_own_bytes_stay_where_nothing_is_filled_in(scores: LessonScores) -> None:
    scores.attempts.clear()
    text = filled(scores, WORKSHEET.replace("\n", "\r\n").replace("=cmd", "cmd")).text
    assert text.startswith("\ufeff") and text.count("\r\n") == 5
    assert list(csv.reader(io.StringIO(text))) == list(csv.reader(io.StringIO(WORKSHEET.replace("=cmd", "cmd"))))


def test_a_site_with_decimal_commas_gets_them(scores: LessonScores) -> None:
    assert imported(filled(scores, WORKSHEET.replace("10.00", '"10,00"')).text)["4712"][0] == "5,20"


FINNISH = {"grade": "Arvosana", "modified": "Viimeksi muokattu (arvosana)"}  # a language without a table


def test_a_language_that_is_not_known_needs_its_titles(scores: LessonScores) -> None:
    text = WORKSHEET.replace(",Grade,", ",Arvosana,").replace("Last modified (grade)", FINNISH["modified"])
    with pytest.raises(GradebookError, match="no column 'Grade'.*--column grade=TITLE.*not recognised: 'Arvosana'"):
        filled(scores, text)
    done = filled(scores, text, **FINNISH)
    rows = list(csv.DictReader(io.StringIO(done.text.removeprefix("\ufeff"))))
    assert [row["Arvosana"] for row in rows] == ["10.00", "5.20", "", ""]


GERMAN = (
    "ID,Vollständiger Name,Email address,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Last modified (submission),Zuletzt geändert (Bewertung),Feedback als Kommentar\n"
    'Teilnehmer 4711,Ana Doe,ana@uni.edu,Submitted for grading,,"10,00",Ja,-,-,\n'
    'Teilnehmer 4712,Bob Müller,bo@uni.edu,Submitted for grading,-,"100,00",Ja,-,-,\n'
    'Teilnehmer 4713,Cyd Lee,cy@uni.edu,Submitted for grading,,"10,00",Nein,-,-,\n'
)


def test_a_german_worksheet_keeps_its_scale_its_feedback_and_its_locks(scores: LessonScores) -> None:
    done = filled(scores, GERMAN)
    rows = list(csv.DictReader(io.StringIO(done.text)))
    assert [row["Bewertung"] for row in rows] == ["10,00", "52,00", ""]
    assert [bool(row["Feedback als Kommentar"]) for row in rows] == [True, True, False]
    assert done.notes == ["cy's grade cannot be changed in Moodle and was left unchanged"]
    assert (done.written, done.unwritten, done.news) == (2, 1, [])


def test_a_column_that_is_not_recognised_is_named_and_stays(scores: LessonScores) -> None:
    done = filled(scores, GERMAN.replace("Bestwertung", "Höchstnote"))
    assert done.news == [
        "no column is 'Maximum Grade' in a language that we know, so points were not scaled; name it: --column"
        " maximum=TITLE",
        "columns of the worksheet that were not recognised and stay as they are: 'Höchstnote'",
    ]
    rows = list(csv.DictReader(io.StringIO(done.text)))
    assert [(row["Bewertung"], row["Höchstnote"]) for row in rows][:2] == [("100.00", "10,00"), ("52.00", "100,00")]
    assert filled(scores, GERMAN.replace("Bestwertung", "Höchstnote"), maximum="Höchstnote").news == []


@pytest.mark.parametrize("number", ["Participant {}", "Teilnehmer/in{}", "Participant{}", "参加者{}"])
@pytest.mark.parametrize("title", ["ID", "Identifiant", "标识符"])
def test_namesakes_are_found_by_the_identifier_in_any_language(scores: LessonScores, number: str, title: str) -> None:
    people = [
        Person(s, (Identifier("name", "Ana Doe"), Identifier("moodle", n)))
        for s, n in (("ana", "4711"), ("bo", "4712"))
    ]
    del scores.attempts["cy"]
    lines = [f"{number.format(n)},Ana Doe,,10.00,-" for n in (4712, 4711)]
    text = "\n".join([f"{title},Full name,Grade,Maximum Grade,Last modified (grade)", *lines, ""])
    done = fill(text, scores, Roster.of(people))
    assert [row["Grade"] for row in csv.DictReader(io.StringIO(done.text))] == ["5.20", "10.00"]
    assert (done.notes, done.unwritten) == ([], 0)


def test_namesakes_are_found_by_an_id_that_is_the_identifiers_number(scores: LessonScores) -> None:
    scores.attempts = {"4711": scores.attempts["ana"], "4712": scores.attempts["bo"]}
    people = Roster.of(Person(s, (Identifier("name", "Ana Doe"),)) for s in ("4711", "4712"))
    text = "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\nParticipant 4712,Ana Doe,,10,-\n"
    done = fill(text, scores, people)
    assert "Participant 4712,Ana Doe,5.20,10,-" in done.text
    assert done.unwritten == 1


def test_an_identifier_and_an_address_that_contradict_each_other_identify_nobody(scores: LessonScores) -> None:
    people = [
        Person("4711", (Identifier("name", "Ana Doe"), Identifier("moodle", "1"), Identifier("email", "a@uni.edu"))),
        Person("ana", (Identifier("name", "Ana Doe"), Identifier("moodle", "4711"))),
    ]
    header = "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade)"
    done = fill(f"{header}\nParticipant 4711,Ana Doe,a@uni.edu,,10,-\n", scores, Roster.of(people))
    assert (done.written, done.unwritten) == (0, 3)
    assert "Participant 4711 was not filled in: this identifies several students" in done.notes[0]


def test_namesakes_without_a_number_are_named_and_not_guessed(scores: LessonScores) -> None:
    people = Roster.of(Person(s, (Identifier("name", "Ana Doe"),)) for s in ("ana", "bo"))
    del scores.attempts["cy"]
    text = "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\nParticipant 4712,Ana Doe,,10,-\n"
    done = fill(text, scores, people)
    assert "Participant 4712 was not filled in: several students of the roster have this name: ana, bo" in done.notes[0]
    assert (done.written, done.unwritten) == (0, 2)


def test_an_assignment_with_a_scale_of_words_is_refused(scores: LessonScores) -> None:
    with pytest.raises(GradebookError, match="choose the grade type Point"):
        filled(scores, WORKSHEET.replace("Maximum Grade", "Scale"))


def test_a_maximum_that_is_no_number_is_refused(scores: LessonScores) -> None:
    with pytest.raises(GradebookError, match="'Maximum Grade' of Participant 4711 is 'ten'.*download"):
        filled(scores, WORKSHEET.replace("10.00", "ten"))


def test_two_columns_of_one_kind_are_refused(scores: LessonScores) -> None:
    with pytest.raises(GradebookError, match="may be the grade: 'Bewertung' and 'Grade'; name one with --column"):
        filled(scores, WORKSHEET.replace("Status", "Bewertung"))


def test_a_worksheet_that_a_spreadsheet_saved_with_semicolons_is_read(scores: LessonScores) -> None:
    text = GERMAN.replace('"', "").replace("10,00", "10#00").replace("100,00", "100#00")
    done = filled(scores, text.replace(",", ";").replace("#", ","))
    rows = list(csv.DictReader(io.StringIO(done.text), delimiter=";"))
    assert [row["Bewertung"] for row in rows] == ["10,00", "52,00", ""]
    assert "semicolon between them; choose it in the upload" in done.news[0]


def test_a_half_is_rounded_up_and_the_sites_decimals_are_kept(scores: LessonScores) -> None:
    scores.attempts["bo"] = scores.attempts["bo"].model_copy(update={"points": 26.75})
    assert imported(filled(scores).text)["4712"][0] == "2.68"
    assert imported(filled(scores, WORKSHEET.replace("10.00", "10.00000")).text)["4712"][0] == "2.67500"


def test_an_excused_student_is_left_as_it_is_and_named(scores: LessonScores) -> None:
    scores.excused.add("bo")
    del scores.attempts["bo"]
    done = filled(scores)
    assert imported(done.text)["4712"][0] == "3.00" and imported(done.text)["4712"][2] == "<p>old</p>"
    assert done.news == ["lesson-1.1.1: excused: bo; their grades stay as they are, because Moodle knows no excuse"]


@pytest.mark.parametrize(("no_shows", "grade"), [(None, ""), ("blank", ""), ("zero", "0.00")])
def test_a_no_show_gets_what_was_asked(scores: LessonScores, no_shows: NoShows | None, grade: str) -> None:
    people = Roster.of(Person(s, (Identifier("email", f"{s}@uni.edu"),)) for s in ("ana", "bo", "cy", "di"))
    done = fill(WORKSHEET, scores, people, no_shows=no_shows)
    assert imported(done.text)["4714"] == (grade, "-", "")


def test_a_grade_that_somebody_gave_a_no_show_stays(scores: LessonScores) -> None:
    del scores.attempts["bo"]
    done = fill(WORKSHEET, scores, PEOPLE, no_shows="zero")
    assert imported(done.text)["4712"][0] == "3.00"
    assert done.news == ["bo has no attempt and the grade 3.00 in Moodle; that stays"]


def test_a_mark_above_the_maximum_is_the_maximum_and_named(scores: LessonScores) -> None:
    scores.attempts["ana"] = scores.attempts["ana"].model_copy(update={"points": 105.0})
    done = filled(scores)
    assert imported(done.text)["4711"][0] == "10.00"
    assert done.news == ["ana has 10.5 of 10; Moodle takes no such grade, so the file has the nearest one"]


NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


@settings(deadline=None)  # the machine may be busy
@given(
    names=st.lists(NAMES, min_size=4, max_size=4),
    points=st.lists(st.floats(0, 100), min_size=3, max_size=3),
    most=st.sampled_from(["10.00", "10,00", "100.00", "1000,00", "7.50"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_moodle_reads_back_are_the_points_and_other_cells_stay(
    names: list[str], points: list[float], most: str, newline: str
) -> None:
    lesson = LessonScores(LESSON, {s: scored(s, p) for s, p in zip(("ana", "bo", "cy"), points, strict=True)}, [])
    header = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Last modified (grade)"]
    lines = [
        [f"Participant {n}", name, f"{student}@uni.edu", "Submitted", "", most, "-"]
        for n, (student, name) in enumerate(zip(("ana", "bo", "cy", "di"), names, strict=True))
    ]
    done = fill(csv_text([header, *lines], ",", newline), lesson, PEOPLE)
    back = list(csv.reader(io.StringIO(done.text, newline="")))
    worth = float(most.replace(",", "."))
    for line, row, mark in zip(lines, back[1:], [*points, None], strict=True):
        if mark is not None:
            assert abs(float(row[4].replace(",", ".")) - mark * worth / 100) <= 0.005 + 1e-9
        else:
            assert row[4] == ""
        others = [(old, new) for n, (old, new) in enumerate(zip(line, row, strict=True)) if n != 4]
        assert all(new in (old, guarded(old)) for old, new in others)
    assert (back[0], done.written, done.unwritten) == (header, 3, 0)


def test_a_score_without_a_line_is_reported(scores: LessonScores) -> None:
    done = filled(scores, WORKSHEET.replace("bo@uni.edu", "b@uni.edu"))
    assert "bo has a score and is not in the worksheet; give --roster with the student's email" in done.notes


def test_the_feedback_says_what_lateness_cost(scores: LessonScores) -> None:
    bo = scores.attempts["bo"].model_copy(update={"points": 39.0, "earned": 52.0, "days_late": 1})
    assert "<p>39 of 100 points (52 before lateness of 1 day)</p>" in feedback(student_view(bo, Level.CHECKS))
    assert "<p>100 of 100 points</p>" in feedback(student_view(scores.attempts["ana"], Level.CHECKS))


def test_the_feedback_names_points_that_an_instructor_added(scores: LessonScores) -> None:
    bo = scores.attempts["bo"].model_copy(update={"points": 57.0, "earned": 52.0, "adjusted": 5.0})
    assert "<p>57 of 100 points (with +5 by your instructor)</p>" in feedback(student_view(bo, Level.CHECKS))
    late = bo.model_copy(update={"points": 31.0, "days_late": 1})
    both = "<p>31 of 100 points (52 before lateness of 1 day) (with +5 by your instructor)</p>"
    assert both in feedback(student_view(late, Level.TOTAL))
    for level in (Level.NOTHING, Level.EXERCISES):  # these do not show the points
        assert "instructor" not in feedback(student_view(late, level))


def test_the_feedback_has_what_the_level_shows(scores: LessonScores) -> None:
    def read(level: Level) -> str:
        done = fill(WORKSHEET, scores, PEOPLE, None, level)
        return list(csv.reader(io.StringIO(done.text)))[2][-1]

    assert read(Level.NOTHING) == "" and read(Level.TOTAL) == "<p>52 of 100 points</p>"
    assert "checks passed" in read(Level.COUNTS) and "claim" not in read(Level.COUNTS)
    assert "The claim &lt;of&gt; a check." in read(Level.CHECKS)
