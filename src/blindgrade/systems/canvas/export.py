"""Scores for Canvas's gradebook import: a file that Canvas exported, filled in, or a new file from a roster.

Only the columns that identify a student and the columns of our lessons are written to an exported file. So the import
does not reset other grades that changed in Canvas since the export. A cell without a new score keeps its old text,
because Canvas's importer clears a grade whose cell is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded, is_formula
from blindgrade.gradebook.marks import Mark, NoShows, about_excused, marks, most
from blindgrade.gradebook.points import scaled, short
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier
from blindgrade.roster.titles import columns_of
from blindgrade.systems.canvas.columns import Column, find_columns, refuse_unknown
from blindgrade.systems.canvas.sheet import POINTS_POSSIBLE, Sheet, read_sheet

INFO = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
NAMES = ("Student", "Section", "LastName", "FirstName")  # columns whose text a student may have written
EXCUSED = "EX"
NOT_ASSIGNED = "N/A"  # Canvas ignores what such a cell holds
NONE = ("", "-")


@dataclass(frozen=True)
class Part:
    """One column of the file: a lesson, or one of its exercises. `key` is lesson or lesson/exercise."""

    key: str
    title: str
    worth: float
    marks: Mapping[str, Mark]


def make(
    scores: list[LessonScores],
    titles: dict[str, str],
    roster: Roster,
    *,
    columns: Mapping[str, str] | None = None,
    no_shows: NoShows | None = None,
    exercises: bool = False,
) -> Filled:
    """New file for Canvas, without an exported one. Canvas finds the students by SIS id, login or name.

    `titles` are the lessons' titles by id. They are the names of the assignments in Canvas. `columns` replaces some.
    """
    parts = _parts(scores, {**titles, **(columns or {})}, roster, no_shows, exercises)
    refuse_unknown(columns or {}, [part.key for part in parts])
    students = sorted({student for part in parts for student in part.marks})
    rows = [INFO + [part.title for part in parts]]
    rows.append(["    " + POINTS_POSSIBLE, "", "", "", "", *(short(part.worth) for part in parts)])
    written = 0
    for student in students:
        person = roster.person(student)
        ids = [person.get("canvas"), person.get("sid") or student, person.get("login")]
        for value in ids:
            if is_formula(value):
                raise GradebookError(f"a spreadsheet would run the id {value!r} as a formula; correct the roster")
        cells = [_new_cell(part.marks.get(student)) for part in parts]
        written += sum(cell not in ("", EXCUSED) for cell in cells)
        rows.append([guarded(person.name or student), *ids, guarded(person.get("section")), *cells])
    news = [note for lesson in scores for note in about_excused(lesson, "the file has EX for them")]
    if any("" in row[len(INFO) :] for row in rows[2:]):
        news.append("Canvas clears a grade whose cell is empty; fill in its own export (--worksheet) to keep it")
    return Filled(csv_text(rows), written, [], news=news)


def fill(
    worksheet: str,
    scores: list[LessonScores],
    titles: dict[str, str],
    roster: Roster,
    *,
    columns: Mapping[str, str] | None = None,
    no_shows: NoShows | None = None,
    exercises: bool = False,
) -> Filled:
    """Gradebook that Canvas exported, with our scores. GradebookError if the text is not such a gradebook.

    Points are scaled to the points of the assignment in Canvas. EX (excused) stays. `columns` are titles or numbers of
    assignments in Canvas, by lesson or lesson/exercise.
    """
    sheet = read_sheet(worksheet)
    parts = _parts(scores, titles, roster, no_shows, exercises)
    worth = {part.key: part.worth for part in parts}
    found, news = find_columns(sheet, {part.key: part.title for part in parts}, columns or {}, worth)
    filling = _Filling(sheet, parts, found, roster)
    for row in sheet.students:
        filling.add(row)
    filling.report_missing()
    info = sheet.last_info + 1
    heads = [*sheet.header[:info], *(found[part.key].head for part in parts)]
    possible = sheet.possible[:info] or ["    " + POINTS_POSSIBLE, *[""] * sheet.last_info]
    rows = [heads, [*possible, *(found[part.key].possible for part in parts)], *filling.rows]
    news += [note for lesson in scores for note in about_excused(lesson, "the file has EX for them")]
    text = csv_text(rows, sheet.delimiter)
    return Filled(text, filling.written, [*sheet.notes, *filling.notes], filling.unwritten, [*news, *filling.news])


def _parts(
    scores: list[LessonScores], titles: Mapping[str, str], roster: Roster, no_shows: NoShows | None, exercises: bool
) -> list[Part]:
    parts = []
    for lesson in scores:
        whole = marks(lesson, roster, no_shows)
        parts.append(Part(lesson.lesson, titles[lesson.lesson], most(lesson), whole))
        if exercises:
            parts += _exercises(lesson, titles, whole)
    return parts


def _exercises(lesson: LessonScores, titles: Mapping[str, str], whole: Mapping[str, Mark]) -> list[Part]:
    known = {result.name: result for score in lesson.attempts.values() for result in score.exercises}
    parts = []
    for name, any_result in known.items():
        own: dict[str, Mark] = {}
        for student, mark in whole.items():
            results = {result.name: result for result in mark.score.exercises} if mark.score else {}
            points = results[name].points if name in results else None
            if mark.excused or mark.no_show:
                points = mark.points
            own[student] = Mark(points, any_result.max_points, mark.excused, mark.score)
        key = f"{lesson.lesson}/{name}"
        title = titles.get(key, f"{titles[lesson.lesson]}: {any_result.title}")
        parts.append(Part(key, title, any_result.max_points, own))
    return parts


def _new_cell(mark: Mark | None) -> str:
    if mark is not None and mark.excused:
        return EXCUSED
    return "" if mark is None or mark.points is None else short(mark.points)


class _Filling:
    """Lines of students that were filled in so far."""

    def __init__(self, sheet: Sheet, parts: Sequence[Part], columns: Mapping[str, Column], roster: Roster) -> None:
        self.sheet, self.parts, self.columns = sheet, parts, columns
        self.students = {student for part in parts for student in part.marks}
        self.everybody = roster.including(self.students)
        self.ids = columns_of(sheet.header[: sheet.last_info + 1], sheet.students)
        self.rows: list[list[str]] = []
        self.found: set[str] = set()
        self.notes: list[str] = []
        self.news: list[str] = []
        self.written = self.unwritten = 0

    def add(self, row: list[str]) -> None:
        """Fill in a line, if its student has a mark."""
        match = self.everybody.find(Identifier(space, value) for space, value in self.ids.cells(row))
        student = match.student
        if match.unclear:
            self.notes.append(f"{row[0]} was not filled in: {match.why}")
        if student is None or student not in self.students:
            return
        if student in self.found:
            self.notes.append(f"{student} is in two lines of the file; only the first was filled in")
            return
        self.found.add(student)
        cells = [self._cell(row, part, student) for part in self.parts]
        self.rows.append([*(self._safe(row, n) for n in range(self.sheet.last_info + 1)), *cells])

    def report_missing(self) -> None:
        """Name the students who have marks and no line."""
        scored = {s for part in self.parts for s, mark in part.marks.items() if not mark.no_show and not mark.excused}
        excused = {s for part in self.parts for s, mark in part.marks.items() if mark.excused}
        for student in sorted(self.students - self.found):
            if student in scored:
                self.notes.append(f"{student} has scores and is not in the file; add the student in Canvas")
                self.unwritten += 1
            else:
                why = "is excused" if student in excused else "has no attempt"
                self.news.append(f"{student} {why} and is not in the file")

    def _cell(self, row: list[str], part: Part, student: str) -> str:
        column = self.columns[part.key]
        old = row[column.n].strip() if column.n is not None else ""
        mark = part.marks.get(student)
        if mark is None or (mark.points is None and not mark.excused):
            return self._kept(row, column)
        if old.upper() == EXCUSED:
            if not mark.excused and not mark.no_show:
                self.news.append(f"{student} is excused (EX) in {column.head!r}, so the score was not written")
            return EXCUSED
        if old.upper() == NOT_ASSIGNED:
            if not mark.no_show:
                self.notes.append(f"{column.head!r} is not assigned to {student}, so Canvas takes no score; assign it")
                self.unwritten += not mark.excused
            return self._kept(row, column)
        if mark.excused:
            return EXCUSED
        if mark.no_show and old not in NONE:
            self.news.append(f"{student} has no attempt and {old} in {column.head!r}; that stays")
            return self._kept(row, column)
        self.written += 1
        points = mark.points or 0.0
        return short(scaled(points, mark.max_points, column.worth) if column.worth and mark.max_points else points)

    def _kept(self, row: list[str], column: Column) -> str:
        old = row[column.n] if column.n is not None else ""
        return old if old.strip() in NONE or self.sheet.number(old) is not None else guarded(old)

    def _safe(self, row: list[str], n: int) -> str:
        """Cell that identifies the student. Students can change names, so these are guarded. Numbers stay unchanged."""
        return guarded(row[n]) if self.sheet.header[n] in NAMES else row[n]
