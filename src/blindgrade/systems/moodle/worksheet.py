"""Scores in a grading worksheet that was downloaded from Moodle.

This module fills in a worksheet and never makes one, because the identifiers and "Last modified (grade)" must come from
Moodle. Moodle reads that time on an upload and does not overwrite newer grades.
"""

from __future__ import annotations

import html

from blindgrade.gradebook.comments import UNREAD, comment
from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.marks import Mark, NoShows, about_excused, marks
from blindgrade.gradebook.numbers import number
from blindgrade.gradebook.points import fixed, scaled, short
from blindgrade.gradebook.scores import LessonScores
from blindgrade.models import Level
from blindgrade.render.text.student import adjusted
from blindgrade.roster.matching import Match, Roster
from blindgrade.roster.names import forms, normal
from blindgrade.roster.people import Identifier
from blindgrade.roster.titles import columns_of, participant
from blindgrade.student_view import StudentView, student_view
from blindgrade.systems.moodle.columns import WorksheetColumns, find_columns, read_rows
from blindgrade.systems.moodle.titles import FILLED, NO, TITLES, YES

__all__ = ["TITLES", "feedback", "fill"]

SEPARATORS = {";": "semicolon", "\t": "tab"}


def fill(
    worksheet: str,
    scores: LessonScores,
    roster: Roster,
    titles: dict[str, str] | None = None,
    level: Level = Level.CHECKS,
    *,
    no_shows: NoShows | None = None,
) -> Filled:
    """Worksheet with our grades and comments. GradebookError if the text is not a worksheet.

    `titles` are the columns' titles on a site whose language is not known. Points are scaled to the maximum grade.
    `level` is what students may read in the feedback.
    """
    bom = "\ufeff" if worksheet.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in worksheet[:4000] else "\n"
    rows, mark = read_rows(worksheet[len(bom) :])
    columns = find_columns(rows[0] if rows else [], titles or {})
    sheet = _Sheet(rows, columns, marks(scores, roster, no_shows), roster, level)
    for row in rows[1:]:
        sheet.fill(row)
    sheet.report_missing()
    if mark in SEPARATORS:
        sheet.news.append(f"the cells of the worksheet have a {SEPARATORS[mark]} between them; choose it in the upload")
    sheet.news += about_excused(scores, "their grades stay as they are, because Moodle knows no excuse")
    return Filled(bom + csv_text(rows, mark, newline), sheet.written, sheet.notes, sheet.unwritten, sheet.news)


class _Sheet:
    """Columns of the worksheet, and the students whose lines were filled in so far."""

    def __init__(
        self, rows: list[list[str]], columns: WorksheetColumns, found: dict[str, Mark], roster: Roster, level: Level
    ) -> None:
        self.header, self.at, self.unknown = rows[0], columns.at, columns.unknown
        self.marks, self.roster, self.level = found, roster.including(found), level
        self.id_columns = columns_of(self.header, rows[1:])
        self.found: set[str] = set()
        self.notes: list[str] = []
        self.news = list(columns.news)
        self.written = self.unwritten = 0
        if "scale" in self.at:
            raise GradebookError(
                "this assignment is graded with a scale of words, and points cannot be written as words; choose the"
                " grade type Point in Moodle (the assignment's settings, Grade) and download the worksheet again"
            )

    def fill(self, row: list[str]) -> None:
        """Fill in one line, if its student has a mark and its grade may be changed."""
        row += [""] * (len(self.header) - len(row))
        match = self._student(row)
        student = match.student
        if match.unclear:
            self.notes.append(f"{row[self.at['identifier']]} was not filled in: {match.why}")
        self._guard(row)
        if student is None or student not in self.marks:
            return
        if student in self.found:
            self.notes.append(f"{student} is in two lines of the worksheet; only the first was filled in")
            return
        self.found.add(student)
        mark = self.marks[student]
        if mark.points is None:
            return
        if self._locked(row):
            self.notes.append(f"{student}'s grade cannot be changed in Moodle and was left unchanged")
            self.unwritten += not mark.no_show
            return
        old = row[self.at["grade"]].strip()
        if mark.no_show and old not in ("", "-"):
            self.news.append(f"{student} has no attempt and the grade {old} in Moodle; that stays")
            return
        row[self.at["grade"]] = self._grade(row, student, mark)
        if "feedback" in self.at and mark.score is not None:
            row[self.at["feedback"]] = feedback(student_view(mark.score, self.level))
        self.written += 1

    def report_missing(self) -> None:
        """Name the students who have a mark and no line."""
        for student in sorted(set(self.marks) - self.found):
            if self.marks[student].no_show:
                self.news.append(f"{student} has no attempt and is not in the worksheet")
            elif not self.marks[student].excused:
                self.notes.append(
                    f"{student} has a score and is not in the worksheet; give --roster with the student's email"
                )
                self.unwritten += 1

    def _student(self, row: list[str]) -> Match:
        """Student of the line. A column with the site's own title may contain a number or an e-mail address."""
        ours = {"identifier": "moodle", "name": "name"}
        known = [
            Identifier(space, value)
            for n, (space, value) in self.id_columns.placed(row)
            if n not in [self.at[kind] for kind in ours if kind in self.at]
        ]
        for kind, space in ours.items():
            if kind in self.at and (value := row[self.at[kind]].strip()):
                known.append(Identifier(space, participant(value) if space == "moodle" else value))
        everything = [*known, *(Identifier("any", row[n].strip()) for n in self.unknown)]
        match = self.roster.find(everything)
        if match.unclear and not self.roster.find(one for one in everything if one.space != "name").unclear:
            return self._namesake(row) or match
        return match

    def _namesake(self, row: list[str]) -> Match | None:
        """One of several students with the line's name: the one whose id or number is the worksheet's identifier."""
        number = participant(row[self.at["identifier"]])
        match = self.roster.find([Identifier("any", number)])
        name = row[self.at["name"]] if "name" in self.at else ""
        same = match.student and set(forms(self.roster.person(match.student).name)) & set(forms(name))
        return match if same else None

    def _guard(self, row: list[str]) -> None:
        """Guard the cells that Moodle does not read back, because a spreadsheet may run them as formulas."""
        read_back = [self.at[kind] for kind in FILLED if kind in self.at]
        for n, value in enumerate(row):
            if n not in read_back and value != "-":
                row[n] = guarded(value)

    def _locked(self, row: list[str]) -> bool:
        if "changeable" not in self.at:
            return False
        said = normal(row[self.at["changeable"]])
        if said and said not in YES and said not in NO:
            news = f"{self.header[self.at['changeable']]!r} is {said!r}, which is neither yes nor no in a language that"
            news += " we know; Moodle itself leaves locked grades unchanged"
            self.news += [news] if news not in self.news else []
        return said in NO

    def _grade(self, row: list[str], student: str, mark: Mark) -> str:
        text = row[self.at["maximum"]].strip() if "maximum" in self.at else ""
        most = number(text) if text else mark.max_points
        if most is None:
            raise GradebookError(
                f"{self.header[self.at['maximum']]!r} of {row[self.at['identifier']]} is {text!r}, which is no number;"
                " download the worksheet in Moodle again"
            )
        points = scaled(mark.points or 0.0, mark.max_points, most)
        if not 0 <= points <= most:
            has = f"{student} has {short(points)} of {short(most)}"
            self.news.append(f"{has}; Moodle takes no such grade, so the file has the nearest one")
            points = min(max(points, 0.0), most)
        digits = len(text.rpartition("," if "," in text else ".")[2]) if "," in text or "." in text else 0
        grade = fixed(points, max(2, digits))
        return grade.replace(".", ",") if "," in text else grade  # the site's decimal mark


def feedback(view: StudentView) -> str:
    """What a student may read about an attempt, as HTML without any text of the student."""
    lines = []
    if view.points is not None and view.earned is not None:
        days = "1 day" if view.days_late == 1 else f"{view.days_late} days"
        late = f" ({short(view.earned)} before lateness of {days})" if view.late else ""
        lines.append(f"<p>{short(view.points)} of {short(view.max_points)} points{late}{adjusted(view)}</p>")
    if view.unreadable:
        lines.append(f"<p>{html.escape(UNREAD)}</p>")
    for exercise in view.exercises:
        said = comment(exercise, html.escape) or ("Passed." if exercise.points is None else "")
        has = f": {short(exercise.points)} of {short(exercise.max_points)}" if exercise.points is not None else ""
        text = "<br>".join(said.splitlines())
        lines.append(f"<p><b>{html.escape(exercise.title)}{has}</b>{'<br>' + text if text else ''}</p>")
    return "".join(lines)
