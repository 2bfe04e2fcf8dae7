"""Scores for Canvas's gradebook import: a file that Canvas exported, filled in, or a new file from a roster.

Only the columns that identify a student and the columns of our lessons are written to an exported file. So the import
does not reset other grades that changed in Canvas since the export.
"""

from __future__ import annotations

import csv
import io
import re

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded, is_formula
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.names import normal
from blindgrade.roster.people import Identifier
from blindgrade.roster.titles import columns_of

INFO = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POINTS_POSSIBLE = "Points Possible"
TITLE = re.compile(r"(?P<title>.*?)(?: \((?P<id>\d+)\))?\s*", re.DOTALL)


def make(scores: list[LessonScores], titles: dict[str, str], roster: Roster) -> Filled:
    """New file for Canvas, without an exported one. Canvas finds the students by SIS id, login or name.

    `titles` are the lessons' titles by id. They are the names of the assignments in Canvas.
    """
    students = sorted({student for lesson in scores for student in lesson.attempts})
    rows = [INFO + [titles[lesson.lesson] for lesson in scores]]
    rows.append(["    " + POINTS_POSSIBLE, "", "", "", "", *(_number(_most(lesson)) for lesson in scores)])
    written = 0
    for student in students:
        person = roster.person(student)
        ids = [person.get("canvas"), person.get("sid") or student, person.get("login")]
        for value in ids:
            if is_formula(value):
                raise GradebookError(f"a spreadsheet would run the id {value!r} as a formula; correct the roster")
        cells = [_number(lesson.attempts[student].points) if student in lesson.attempts else "" for lesson in scores]
        written += sum(cell != "" for cell in cells)
        rows.append([guarded(person.name or student), *ids, guarded(person.get("section")), *cells])
    return Filled(_text(rows, ","), written, [])


def fill(worksheet: str, scores: list[LessonScores], titles: dict[str, str], roster: Roster) -> Filled:
    """Gradebook that Canvas exported, with our scores. GradebookError if the text is not such a gradebook.

    Points are scaled to the points of the assignment in Canvas. EX (excused) stays.
    """
    delimiter = ";" if worksheet[:2000].count(";") > worksheet[:2000].count(",") else ","
    rows = [row for row in csv.reader(io.StringIO(worksheet.removeprefix("\ufeff")), delimiter=delimiter) if row]
    last_info = _last_info(rows)
    header, body = rows[0], rows[1:]
    notes: list[str] = []
    columns = {lesson.lesson: _column(header, last_info, lesson.lesson, titles[lesson.lesson]) for lesson in scores}
    possible = next((row for row in body if normal(row[0]) == normal(POINTS_POSSIBLE)), [])
    out = [[*header[: last_info + 1], *(_head(header, columns[s.lesson], titles[s.lesson]) for s in scores)]]
    out.append(
        [*_cut(possible, last_info, f"    {POINTS_POSSIBLE}"), *(_possible(possible, columns, s) for s in scores)]
    )
    students = {student for lesson in scores for student in lesson.attempts}
    everybody = roster.including(students)
    id_columns = columns_of(header[: last_info + 1], body)
    found: set[str] = set()
    written = 0
    for row in body:
        match = everybody.find(Identifier(space, value) for space, value in id_columns.cells(row))
        student = match.student
        if match.unclear:
            notes.append(f"{row[0]} was not filled in: {match.why}")
        if student is None or student not in students:
            continue
        if student in found:
            notes.append(f"{student} is in two lines of the file; only the first was filled in")
            continue
        found.add(student)
        cells = [_cell(row, columns[s.lesson], possible, s, student) for s in scores]
        written += sum(cell not in ("", "EX") for cell in cells)
        out.append([*(_safe(header, row, n) for n in range(last_info + 1)), *cells])
    notes += [f"{s} has scores and is not in the file; add the student in Canvas" for s in sorted(students - found)]
    return Filled(_text(out, delimiter), written, notes)


def _last_info(rows: list[list[str]]) -> int:
    """Index of the last column that identifies a student, by Canvas's own rule for a valid header."""
    header = rows[0] if rows else []
    if not header or "Student" not in header[0] or "ID" not in " ".join(header[1:2]) or "Section" not in header:
        raise GradebookError(
            "the worksheet is not a gradebook of Canvas: its first line does not begin with Student,ID and has no"
            " Section; export it in Canvas (Grades, Export) and give that file with --worksheet"
        )
    return header.index("Section")


def _column(header: list[str], last_info: int, lesson: str, title: str) -> int | None:
    """Index of the lesson's assignment; None if Canvas does not have it yet."""
    names = {
        normal(name) for name in (lesson, title, f"{lesson} {title}", f"{lesson}: {title}", lesson.replace("-", " "))
    }
    for n, name in enumerate(header[last_info + 1 :], start=last_info + 1):
        match = TITLE.fullmatch(name)
        if match and normal(match["title"]) in names:
            return n
    return None


def _head(header: list[str], column: int | None, title: str) -> str:
    return header[column] if column is not None else title


def _cut(row: list[str], last_info: int, first: str) -> list[str]:
    return (row[: last_info + 1] if row else [first]) + [""] * (last_info + 1 - max(len(row[: last_info + 1]), 1))


def _possible(possible: list[str], columns: dict[str, int | None], lesson: LessonScores) -> str:
    column = columns[lesson.lesson]
    return possible[column] if column is not None and column < len(possible) else _number(_most(lesson))


def _cell(row: list[str], column: int | None, possible: list[str], lesson: LessonScores, student: str) -> str:
    old = row[column].strip() if column is not None and column < len(row) else ""
    if old.upper() == "EX":
        return "EX"
    attempt = lesson.attempts.get(student)
    if attempt is None:
        return ""
    worth = _parsed(possible[column]) if column is not None and column < len(possible) else None
    if worth is None or not attempt.max_points:
        return _number(attempt.points)
    return _number(attempt.points * worth / attempt.max_points)


def _safe(header: list[str], row: list[str], n: int) -> str:
    """Cell that identifies the student. Students can change names, so these are guarded. Numbers stay unchanged."""
    value = row[n] if n < len(row) else ""
    return guarded(value) if header[n] in ("Student", "Section", "LastName", "FirstName") else value


def _most(lesson: LessonScores) -> float:
    return max((attempt.max_points for attempt in lesson.attempts.values()), default=0.0)


def _parsed(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _number(points: float) -> str:
    """Points with at most two decimals, which is what Canvas compares."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _text(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()
