"""Worksheets in the shape that Moodle offers, read back by the rules of its importer (importgradeslib.php)."""

from __future__ import annotations

import csv
import io

import pytest

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.systems.moodle.worksheet import feedback, fill

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


def test_a_site_in_another_language_needs_its_titles(scores: LessonScores) -> None:
    german = WORKSHEET.replace(",Grade,", ",Bewertung,").replace(
        "Last modified (grade)", "Zuletzt geändert (Bewertung)"
    )
    with pytest.raises(GradebookError, match="no column 'Grade'.*--column grade=TITLE"):
        filled(scores, german)
    text = filled(scores, german, grade="Bewertung", modified="Zuletzt geändert (Bewertung)").text
    assert {row["Bewertung"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))} == {
        "10.00",
        "5.20",
        "",
    }


def test_a_score_without_a_line_is_reported(scores: LessonScores) -> None:
    done = filled(scores, WORKSHEET.replace("bo@uni.edu", "b@uni.edu"))
    assert "bo has a score and is not in the worksheet; give --roster with the student's email" in done.notes


def test_the_feedback_says_what_lateness_cost(scores: LessonScores) -> None:
    bo = scores.attempts["bo"].model_copy(update={"points": 39.0, "earned": 52.0, "days_late": 1})
    assert "<p>39 of 100 points (52 before lateness of 1 day)</p>" in feedback(bo)
    assert "<p>100 of 100 points</p>" in feedback(scores.attempts["ana"])
