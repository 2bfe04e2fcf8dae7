"""Scores in a grading worksheet that was downloaded from Moodle.

This module fills in a worksheet and never makes one, because the identifiers and "Last modified (grade)" must come from
Moodle. Moodle reads that time on an upload and does not overwrite newer grades.
"""

from __future__ import annotations

import csv
import html
import io

from blindgrade.gradebook.comments import UNREAD, comment
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.scores import LessonScores, Score
from blindgrade.models import Level
from blindgrade.roster.matching import Match, Roster
from blindgrade.roster.names import normal
from blindgrade.roster.people import Identifier
from blindgrade.roster.titles import columns_of
from blindgrade.student_view import StudentView, student_view

# English titles of the columns. A site in another language has its own titles.
TITLES = {
    "identifier": "Identifier",
    "grade": "Grade",
    "maximum": "Maximum Grade",
    "changeable": "Grade can be changed",
    "modified": "Last modified (grade)",
    "feedback": "Feedback comments",
}
REQUIRED = ("identifier", "grade", "modified")  # Moodle refuses a file without them


def fill(
    worksheet: str,
    scores: LessonScores,
    roster: Roster,
    titles: dict[str, str] | None = None,
    level: Level = Level.CHECKS,
) -> Filled:
    """Worksheet with our grades and comments. GradebookError if the text is not a worksheet.

    `titles` replaces TITLES for a site in another language. Points are scaled to the maximum grade. `level` is what
    students may read in the feedback.
    """
    bom = "\ufeff" if worksheet.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in worksheet[:4000] else "\n"
    rows = [row for row in csv.reader(io.StringIO(worksheet[len(bom) :], newline="")) if row]
    header = rows[0] if rows else []
    at = _columns(header, {**TITLES, **(titles or {})})
    sheet = _Sheet(rows, at, scores, roster.including(scores.attempts), level)
    written = sum([sheet.write(row) for row in rows[1:]])
    missing = sorted(set(scores.attempts) - sheet.found)
    sheet.notes += [
        f"{s} has a score and is not in the worksheet; give --roster with the student's email" for s in missing
    ]
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerows(rows)
    return Filled(bom + out.getvalue(), written, sheet.notes)


def _columns(header: list[str], titles: dict[str, str]) -> dict[str, int]:
    at = {kind: header.index(title) for kind, title in titles.items() if title in header}
    for kind in REQUIRED:
        if kind not in at:
            raise GradebookError(
                f"the worksheet has no column {titles[kind]!r}; download it in Moodle (View all submissions, Download"
                f" grading worksheet), or give the column's title on your site: --column {kind}=TITLE"
            )
    return at


class _Sheet:
    """Columns of the worksheet, and the students whose lines were filled in so far."""

    def __init__(
        self, rows: list[list[str]], at: dict[str, int], scores: LessonScores, roster: Roster, level: Level
    ) -> None:
        self.header, self.at, self.scores, self.roster, self.level = rows[0], at, scores, roster, level
        self.id_columns = columns_of(self.header, rows[1:])
        self.found: set[str] = set()
        self.notes: list[str] = []

    def write(self, row: list[str]) -> bool:
        """Fill in one line. False if its student was not graded or its grade may not be changed."""
        row += [""] * (len(self.header) - len(row))
        match = self._student(row)
        student = match.student
        if match.unclear:
            self.notes.append(f"{row[self.at['identifier']]} was not filled in: {match.why}")
        self._guard(row)
        if student is None or student not in self.scores.attempts:
            return False
        if student in self.found:
            self.notes.append(f"{student} is in two lines of the worksheet; only the first was filled in")
            return False
        self.found.add(student)
        if "changeable" in self.at and normal(row[self.at["changeable"]]) == "no":
            self.notes.append(f"{student}'s grade cannot be changed in Moodle and was left unchanged")
            return False
        attempt = self.scores.attempts[student]
        row[self.at["grade"]] = self._grade(row, attempt)
        if "feedback" in self.at:
            row[self.at["feedback"]] = feedback(student_view(attempt, self.level))
        return True

    def _student(self, row: list[str]) -> Match:
        """Student of the line. A column with the site's own title may contain a number or an e-mail address."""
        known = [Identifier(space, value) for space, value in self.id_columns.cells(row)]
        others = [
            value
            for n, value in enumerate(row[: len(self.header)])
            if n not in self.at.values() and self.header[n] in self.id_columns.unknown
        ]
        return self.roster.find([*known, *(Identifier("any", value.strip()) for value in others)])

    def _guard(self, row: list[str]) -> None:
        """Guard the cells that Moodle does not read back, because a spreadsheet may run them as formulas."""
        for n, value in enumerate(row):
            if n not in self.at.values() and value != "-":
                row[n] = guarded(value)

    def _grade(self, row: list[str], attempt: Score) -> str:
        maximum = row[self.at["maximum"]].strip() if "maximum" in self.at else ""
        comma = "," in maximum  # the site's decimal mark
        try:
            most = float(maximum.replace(",", "."))
        except ValueError:
            most = attempt.max_points
        grade = f"{attempt.points * most / attempt.max_points if attempt.max_points else 0.0:.2f}"
        return grade.replace(".", ",") if comma else grade


def feedback(view: StudentView) -> str:
    """What a student may read about an attempt, as HTML without any text of the student."""
    lines = []
    if view.points is not None and view.earned is not None:
        days = "1 day" if view.days_late == 1 else f"{view.days_late} days"
        late = f" ({view.earned:g} before lateness of {days})" if view.earned != view.points else ""
        lines.append(f"<p>{view.points:g} of {view.max_points:g} points{late}</p>")
    if view.unreadable:
        lines.append(f"<p>{html.escape(UNREAD)}</p>")
    for exercise in view.exercises:
        said = comment(exercise, html.escape) or ("Passed." if exercise.points is None else "")
        points = f": {exercise.points:g} of {exercise.max_points:g}" if exercise.points is not None else ""
        text = "<br>".join(said.splitlines())
        lines.append(f"<p><b>{html.escape(exercise.title)}{points}</b>{'<br>' + text if text else ''}</p>")
    return "".join(lines)
