"""Pages and texts for students: TO/<lesson>/<student>.html and .txt, from stored attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.files import write_whole
from blindgrade.gradebook.scores import LessonScores
from blindgrade.models import Level
from blindgrade.render.html.feedback import feedback_page
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.text.student import view_text
from blindgrade.roster.matching import Roster
from blindgrade.student_view import StudentView, excused_view, student_view


@dataclass
class LessonPages:
    """Result for one lesson.

    students: those whose page and text were written. excused: those of them who need no points, so their page says
    that. without_work: those of them who may have handed in nothing. left_out: a student or a file, and the reason.
    earlier: names of files of earlier runs that this run did not write.
    """

    lesson: str
    level: Level
    folder: Path
    students: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    without_work: set[str] = field(default_factory=set)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)

    def file(self, student: str, ending: str) -> Path:
        """Path of a student's page (".html") or text (".txt")."""
        return self.folder / f"{student}{ending}"


def write_feedback(
    scores: Iterable[LessonScores],
    to: Path,
    level: Callable[[str], Level],
    course: str,
    roster: Roster,
    look: Look = PLAIN,
    go_on: Callable[[str, str], None] = lambda lesson, student: None,
) -> Iterator[LessonPages]:
    """Write the pages lesson by lesson. `level` gives what students may read; `go_on` is called after each student."""
    for lesson in scores:
        pages = LessonPages(lesson.lesson, level(lesson.lesson), to / lesson.lesson)
        pages.left_out += [("", note) for note in lesson.notes]
        pages.folder.mkdir(parents=True, exist_ok=True)
        for student, view in _views(lesson, pages.level).items():
            person = roster.person(student)
            try:
                write_whole(pages.file(student, ".html"), feedback_page(view, course, person.name, look))
                write_whole(pages.file(student, ".txt"), view_text(view, course))
            except OSError as error:
                reason = error.strerror or type(error).__name__
                pages.left_out.append((student, f"the page cannot be written ({reason}); name another --to"))
            else:
                pages.students.append(student)
                pages.excused += [student] if view.excused else []
                pages.without_work |= {student} if not view.handed_in else set()
            go_on(lesson.lesson, student)
        written = {pages.file(student, ending).name for student in pages.students for ending in (".html", ".txt")}
        there = {path.name for path in pages.folder.iterdir() if path.suffix in (".html", ".txt")}
        pages.earlier = sorted(there - written)
        yield pages


def _views(lesson: LessonScores, level: Level) -> dict[str, StudentView]:
    """Views of all students with a mark or an excuse, sorted by student."""
    views = {student: student_view(score, level) for student, score in lesson.attempts.items()}
    views |= {student: excused_view(lesson.lesson, lesson.title, student, level) for student in lesson.excused}
    return dict(sorted(views.items()))
