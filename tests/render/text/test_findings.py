from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from blindgrade.catalog import Catalog
from blindgrade.gradebook.comments import comment
from blindgrade.models import Grading, Level
from blindgrade.render.html.card import html_card, text_card
from blindgrade.render.html.feedback import feedback_page
from blindgrade.render.html.report import report
from blindgrade.render.links import Links
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.results import ending, lesson_list
from blindgrade.render.text.findings import findings
from blindgrade.render.text.junit import as_junit
from blindgrade.render.text.student import view_text
from blindgrade.render.text.summary import as_summary
from blindgrade.student_view import student_view
from blindgrade.systems.gradescope.results import results as results_of

MINI = Catalog(Path(__file__).parents[2] / "courses" / "mini")


def test_each_failed_check_is_a_finding_and_an_unwritten_or_blocked_exercise_is_one(
    grading: Grading, placed: Callable[[], Links]
) -> None:
    found = findings(grading, placed())
    assert [(one.exercise.name, one.level) for one in found] == [
        ("wrong", "error"), ("wrong", "error"), ("waits", "warning"), ("empty", "note"),
    ]  # fmt: skip
    assert found[0].rule == "lesson-1.1.1/wrong/wrong_0"


def unreadable(grading: Grading) -> Grading:
    reason = "basics.py:1: SyntaxError"
    attempt = grading.lessons[0].model_copy(update={"unreadable": reason, "problems": [reason], "points": 0.0})
    return Grading.of([attempt])


def test_a_file_that_could_not_be_read_is_one_finding(grading: Grading, placed: Callable[[], Links]) -> None:
    [found] = findings(unreadable(grading), placed())
    assert (found.rule, found.level) == ("lesson-1.1.1/file/can_be_read", "error")
    assert found.text == "The lesson's file can be read. Seen: basics.py:1: SyntaxError."
    assert str(found.file) == "lesson_1_1_1_basics/basics.py"


def test_a_file_that_could_not_be_read_has_one_sentence_in_every_format(grading: Grading) -> None:
    """No tick, and no exercise: nothing was graded."""
    broken, console = unreadable(grading), Console(width=100)
    [attempt] = broken.lessons
    view = student_view(attempt, Level.CHECKS)
    texts = [
        as_junit(broken, Links.none()), as_summary(broken), text_card(attempt), html_card(attempt), view_text(view),
        feedback_page(view, "Course"), as_text(console, *lesson_list(attempt, console)),
        as_text(console, *ending(broken, Links.none(), console, verbose=True)),
    ]  # fmt: skip
    for text in texts[:-1]:
        assert "basics.py:1: SyntaxError" in unescape(text).replace("\\", "")
    for text in texts:
        body = text.rpartition("</style>")[2]
        assert "✓" not in body and "Claim 0 of" not in body and "empty" not in body
    assert ElementTree.fromstring(texts[0]).attrib["failures"] == "1"
    page = report(broken, MINI.course, {"lesson-1.1.1": MINI.lesson(MINI.ready()[0])})
    assert "basics.py:1: SyntaxError" in page and "Claim 0 of" not in page


def test_a_blocked_exercise_shows_its_own_failure_in_every_format(grading: Grading) -> None:
    [attempt] = grading.lessons
    results = list(attempt.exercises)
    own = [check.model_copy(update={"own": "its shape is (3,)"}) for check in results[2].checks]
    results[2] = results[2].model_copy(update={"checks": own})
    attempt = attempt.model_copy(update={"exercises": results})
    shown, console = Grading.of([attempt]), Console(width=100)
    view = student_view(attempt, Level.CHECKS)
    texts = [
        as_junit(shown, Links.none()), as_summary(shown), text_card(attempt), html_card(attempt), view_text(view),
        feedback_page(view, "Course"), findings(shown, Links.none())[2].text,
        as_text(console, *ending(shown, Links.none(), console, verbose=True)),
    ]  # fmt: skip
    for text in texts:
        plain = unescape(text).replace("\\", "")
        assert "its shape is (3,)" in plain and "aits for wrong" in plain


def test_a_hidden_checks_own_failure_is_kept_from_the_students_view(grading: Grading) -> None:
    [attempt] = grading.lessons
    check = attempt.exercises[2].checks[0].model_copy(update={"own": "item 0 is 4.81", "public": False})
    result = attempt.exercises[2].model_copy(update={"checks": [check]})
    view = student_view(attempt.model_copy(update={"exercises": [result]}), Level.CHECKS)
    assert "4.81" not in view.model_dump_json()


def test_a_relation_is_said_once_in_every_format_and_not_beside_a_misconception(grading: Grading) -> None:
    """Its sentence may have a student's own words, so they are data everywhere."""

    def texts(misconception: str | None) -> list[str]:
        [attempt] = grading.lessons
        related = {"relation_text": "Your code says “<b>” in every case.", "misconception": misconception, "hint": ""}
        results = list(attempt.exercises)
        results[1] = results[1].model_copy(
            update={"checks": [check.model_copy(update=related) for check in results[1].checks]}
        )
        attempt = attempt.model_copy(update={"exercises": results})
        shown, console = Grading.of([attempt]), Console(width=100)
        view = student_view(attempt, Level.CHECKS)
        pages = [html_card(attempt), feedback_page(view, "Course")]
        assert not any("<b>”" in page for page in pages)
        gradescope = "".join(one["output"] for one in results_of(shown, "visible", 1.0)["tests"])
        return [
            as_summary(shown), text_card(attempt), view_text(view), *pages, comment(view.exercises[1]) or "",
            as_text(console, *ending(shown, Links.none(), console, verbose=True)), gradescope,
            findings(shown, Links.none())[0].text,
        ]  # fmt: skip

    for text in texts(None):
        assert unescape(unescape(text).replace("\\", "")).count("says “<b>” in every case") == 1
    assert not any("in every case" in text for text in texts("sign"))


def test_paths_are_relative_to_the_working_directory(grading: Grading, placed: Callable[[], Links]) -> None:
    first, *_, last = findings(grading, placed())
    assert (str(first.file), first.place.line) == ("lesson_1_1_1_basics/basics.py", 3)
    assert (str(last.file), last.place.line) == ("lesson_1_1_1_basics/basics.py", None)


def test_a_file_that_is_not_known_is_not_made_up(grading: Grading) -> None:
    assert {one.file for one in findings(grading, Links.none())} == {None}
