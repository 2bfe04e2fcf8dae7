"""The page of a grading: its content, and that no student's text becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.course import Course
from blindgrade.figures import FigurePair, bars
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Lesson, Outcome, SubmissionRef
from blindgrade.render import figure_svg
from blindgrade.render.html.report import NO_PICTURES, report

MINI = Path(__file__).parents[2] / "courses" / "mini"

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "`<b onclick=alert(1)>`",
    "</style><script>alert(1)</script>",
    "</pre></details><iframe src=javascript:alert(1)>",
    "{{7*7}}{% raw %}${7*7}",
    "<!-- ",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href='https://evil.example/'>x</a>",
    "\x1b[2J\u202e\x00",
]


class Elements(HTMLParser):
    """Tags of a page with their attributes, and the text outside of style."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._style else data


@pytest.fixture(scope="module")
def course() -> Course:
    return Catalog(MINI).course


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    catalog = Catalog(MINI)
    return catalog.lesson(catalog.files("lesson-1.1.1"))


def result(lesson: Lesson, outcome: Outcome = Outcome.FAILED, text: str = "", points: float = 0.0) -> ExerciseResult:
    exercise = lesson.exercises[0]
    check = CheckResult(
        name="has_mean_zero_and_spread_one", claim="Each row has mean 0.", public=True, outcome=outcome,
        message=text or "the result is 3", hint=exercise.hints[0], where=text or "basics.py:4",
    )  # fmt: skip
    return ExerciseResult(
        name=exercise.name, title=exercise.title, outcome=outcome, points=points, max_points=exercise.points,
        concepts=exercise.concepts, checks=[check], output=text,
    )  # fmt: skip


def attempt(lesson: Lesson, *results: ExerciseResult, at: str = "2026-11-20T10:00:00Z", text: str = "") -> Attempt:
    return Attempt(
        lesson=lesson.id, title=lesson.title, points=sum(r.points for r in results),
        max_points=sum(r.max_points for r in results), submission=SubmissionRef(path=text or "exercises", sha256="0"),
        student=text or None, graded_at=at, seed=1234567, reference="live", sandbox="namespaces", seconds=0.5,
        problems=[text] if text else [], exercises=list(results),
    )  # fmt: skip


def page_of(course: Course, lesson: Lesson, *attempts: Attempt, past: list[Attempt] | None = None) -> str:
    return report(Grading.of(list(attempts)), course, {lesson.id: lesson}, past=past or [])


def card_of(course: Course, lesson: Lesson, one: ExerciseResult) -> str:
    """The page's part on one exercise."""
    [card] = re.findall(r"<article.*?</article>", page_of(course, lesson, attempt(lesson, one)), re.DOTALL)
    return str(card)


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_no_text_of_a_students_becomes_markup(course: Course, lesson: Lesson, payload: str) -> None:
    tame = page_of(course, lesson, attempt(lesson, result(lesson, text="tame"), text="tame"))
    wild = page_of(course, lesson, attempt(lesson, result(lesson, text=payload), text=payload))
    assert [tag for tag, _ in Elements(wild).tags if tag != "code"] == [
        t for t, _ in Elements(tame).tags if t != "code"
    ]
    assert not [a for _, attrs in Elements(wild).tags for a in attrs if a.startswith("on")]
    assert "\x1b" not in wild and "\u202e" not in wild
    assert "{{7*7}}" not in payload or "{{7*7}}" in Elements(wild).text


def test_a_page_loads_nothing_and_has_no_script(course: Course, lesson: Lesson) -> None:
    page = page_of(course, lesson, attempt(lesson, result(lesson)))
    elements = Elements(page)
    policy = next(a["content"] for t, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not {"script", "link", "iframe", "object", "embed", "form"} & {tag for tag, _ in elements.tags}
    links = [v for _, a in elements.tags for k, v in a.items() if k in ("href", "src", "xlink:href", "srcset")]
    assert all(link and link.startswith("#") for link in links)
    assert not re.search(r"url\((?!#)|@import", page)


def test_every_link_leads_somewhere_and_every_id_is_unique(course: Course, lesson: Lesson) -> None:
    elements = Elements(page_of(course, lesson, attempt(lesson, result(lesson))))
    ids = [a["id"] for _, a in elements.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"] for t, a in elements.tags if t == "a"} <= {f"#{id}" for id in ids}


def test_the_seed_of_an_attempt_is_not_shown(course: Course, lesson: Lesson) -> None:
    assert "1234567" not in page_of(course, lesson, attempt(lesson, result(lesson)))


def test_a_failed_exercise_has_its_facts_and_a_ladder_of_folded_hints(course: Course, lesson: Lesson) -> None:
    card = card_of(course, lesson, result(lesson))
    shown = Elements(card).text
    for fact in ("Each row has mean 0.", "the result is 3", "basics.py:4", *lesson.exercises[0].hints):
        assert fact.replace("`", "") in shown
    assert f"grade {lesson.id}/{lesson.exercises[0].name}" in shown
    assert card.count('<details class="ladder">') == 3
    assert not re.search(r"<details[^>]* open", card)
    title = next(c.title for c in course.concepts if c.id in lesson.exercises[0].concepts)
    assert title in shown


def test_a_diagnosis_is_shown_open_and_only_once(course: Course, lesson: Lesson) -> None:
    once = result(lesson)
    known = once.checks[0].model_copy(update={"misconception": "not_divided", "hint": "The spread is still there."})
    card = card_of(course, lesson, once.model_copy(update={"checks": [known, known]}))
    assert card.count("The spread is still there.") == 1
    assert "not divided" not in card and "not_divided" not in card


def test_a_relation_is_shown_open_and_only_once_and_gives_way_to_a_diagnosis(course: Course, lesson: Lesson) -> None:
    once = result(lesson)
    said = once.checks[0].model_copy(update={"relation": "negated", "relation_text": "Your result is exactly <minus>."})
    other = said.model_copy(update={"relation_text": ""})
    card = card_of(course, lesson, once.model_copy(update={"checks": [said, other, said]}))
    assert card.count("Your result is exactly &lt;minus&gt;.") == 1
    named = said.model_copy(update={"misconception": "not_divided", "hint": "The spread is still there."})
    assert "minus" not in card_of(course, lesson, once.model_copy(update={"checks": [named]}))


def test_a_passed_exercise_shows_no_hint(course: Course, lesson: Lesson) -> None:
    card = card_of(course, lesson, result(lesson, Outcome.PASSED, points=lesson.exercises[0].points))
    assert "ladder" not in card
    assert "1 check passed" in card


def test_a_blocked_exercise_says_what_it_waits_for(course: Course, lesson: Lesson) -> None:
    blocked = result(lesson, Outcome.BLOCKED, text="waits for correlation")
    assert "waits for correlation" in card_of(course, lesson, blocked)


def test_attempts_are_listed_with_their_changes(course: Course, lesson: Lesson) -> None:
    full = lesson.exercises[0].points
    past = [attempt(lesson, result(lesson), at="2026-11-19T10:00:00Z")]
    now = attempt(lesson, result(lesson, Outcome.PASSED, points=full))
    page = page_of(course, lesson, now, past=past)
    assert "2 attempts, the newest first" in page
    assert f"{lesson.exercises[0].name} passed" in page


def test_an_attempt_that_is_stored_already_is_listed_once(course: Course, lesson: Lesson) -> None:
    now = attempt(lesson, result(lesson))
    assert "attempts, the newest first" not in page_of(course, lesson, now, past=[now])


def with_pictures(course: Course, lesson: Lesson, *exercises: str) -> str:
    figure = bars("Two bars", {"one": 1.0, "two": 2.0})
    shown = [FigurePair(lesson.id, name, "has_mean_zero_and_spread_one", figure, figure) for name in exercises]
    now = attempt(lesson, result(lesson))
    return report(Grading.of([now]), course, {lesson.id: lesson}, figures=shown)


def test_a_picture_is_shown_at_its_check(course: Course, lesson: Lesson) -> None:
    page = with_pictures(course, lesson, lesson.exercises[0].name)
    assert page.count("<figure>") == 2
    assert page.index("Each row has mean 0.") < page.index("<figure>") < page.index("A first hint")


def test_a_picture_of_an_exercise_that_was_not_asked_for_is_not_drawn(course: Course, lesson: Lesson) -> None:
    assert "<figure>" not in with_pictures(course, lesson, lesson.exercises[1].name)


@pytest.mark.parametrize(("error", "shown"), [(figure_svg.NoMatplotlib(), True), (OverflowError("too large"), False)])
def test_a_page_that_cannot_have_its_pictures_is_written_without(
    course: Course, lesson: Lesson, monkeypatch: pytest.MonkeyPatch, error: Exception, shown: bool
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(figure_svg, "picture", fails)
    page = with_pictures(course, lesson, lesson.exercises[0].name)
    assert "<figure>" not in page and "the result is 3" in page
    assert (NO_PICTURES in Elements(page).text) is shown


def test_mastery_counts_what_is_known_of_the_student_and_links_to_what_is_on_the_page(
    course: Course, lesson: Lesson
) -> None:
    now = attempt(lesson, result(lesson))
    other = result(lesson, Outcome.PASSED, points=40).model_copy(update={"name": "elsewhere"})
    page = report(Grading.of([now]), course, {lesson.id: lesson}, known={"lesson-1.1.0": [other]})
    section = page[page.index('id="mastery"') :]
    assert "count with their last result" in section and "Only this grading" not in section
    assert "partly" in section and "lesson-1.1.0/elsewhere" in section
    links = [attrs["href"] for tag, attrs in Elements(section).tags if tag == "a"]
    assert links == [f"#lesson-1-1-1-{now.exercises[0].name}"]


def test_of_a_submission_that_is_not_the_students_own_mastery_is_of_the_grading_alone(
    course: Course, lesson: Lesson
) -> None:
    page = page_of(course, lesson, attempt(lesson, result(lesson)))
    assert "Only this grading counts" in page and "count with their last result" not in page
