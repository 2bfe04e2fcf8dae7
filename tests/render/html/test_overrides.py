"""A course's templates: a block is replaced; a broken one is named by line, and the packaged page is written."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import pytest

import blindgrade
from blindgrade.catalog import Catalog, CourseError
from blindgrade.models import Attempt, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.render.html.card import html_card
from blindgrade.render.html.loading import added
from blindgrade.render.html.look import Look, look_of
from blindgrade.render.html.overrides import PAGES, PARTS
from blindgrade.render.html.pages import check_templates
from blindgrade.render.html.report import report

MINI = Path(__file__).parents[2] / "courses" / "mini"
PACKAGE = Path(blindgrade.__file__).parent
SHOWN = "reports/templates"
STUDENT = '{% extends "blindgrade/student.html" %}\n'
CARD = '{% extends "blindgrade/notebook.html" %}\n'


def attempt() -> Attempt:
    catalog = Catalog(MINI)
    lesson = catalog.lesson(catalog.files("lesson-1.1.1"))
    first = lesson.exercises[0]
    result = ExerciseResult(
        name=first.name, title=first.title, outcome=Outcome.PASSED, points=1, max_points=1, checks=[], concepts=[],
        output="<b>printed</b>",
    )  # fmt: skip
    return Attempt(
        lesson=lesson.id, title=lesson.title, points=1, max_points=1, submission=SubmissionRef(path="x", sha256="0"),
        graded_at="2026-11-20T10:00:00Z", seed=7, reference="live", sandbox="none", seconds=1, exercises=[result],
    )  # fmt: skip


def student_page(look: Look) -> str:
    catalog = Catalog(MINI)
    lesson = catalog.lesson(catalog.files("lesson-1.1.1"))
    return report(Grading.of([attempt()]), catalog.course, {lesson.id: lesson}, look=look)


class Course:
    """Folder of templates, and the warnings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warned: list[str] = []
        self.look = Look(templates=folder, warn=self.warned.append)

    def page(self, **templates: str) -> str:
        for name, text in templates.items():
            (self.folder / f"{name}.html").write_text(text, encoding="utf-8")
        return student_page(self.look)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def test_a_block_is_replaced_and_the_rest_stays(course: Course) -> None:
    page = course.page(student=STUDENT + "{% block closing %}<p>Ask {{ course.title }}.</p>{{ super() }}{% endblock %}")
    added = f"<p>Ask {Catalog(MINI).course.title}.</p>"
    assert page.count(added) == 1 and page.replace(added, "").split() == student_page(Look()).split()
    assert course.warned == []


def test_the_frame_is_replaced_for_all_pages(course: Course) -> None:
    page = course.page(base='{% extends "blindgrade/base.html" %}{% block language %}de{% endblock %}')
    assert '<html lang="de">' in page and course.warned == []


def test_the_card_of_a_notebook_is_replaced(course: Course) -> None:
    (course.folder / "notebook.html").write_text(CARD + "{% block closing %}<p>Ours.</p>{% endblock %}")
    assert "<p>Ours.</p>" in html_card(attempt(), course.look) and course.warned == []


def test_a_students_text_stays_text_in_an_override(course: Course) -> None:
    said = "{{ lessons[0].attempt.exercises[0].output }}"
    page = course.page(student=STUDENT + f"{{% block closing %}}<p>{said}</p>{{% endblock %}}")
    assert "<p>&lt;b&gt;printed&lt;/b&gt;</p>" in page and course.warned == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDENT + "{% block closing %}\n{{ oops }\n{% endblock %}", "student.html:3: "),
        (STUDENT + "\n{% block closing %}{% endblok %}", "student.html:3: "),
        (STUDENT + "{% block closing %}\n{{ nothing.there }}{% endblock %}", "student.html:3: 'nothing' is undefined"),
        (STUDENT + "{% block closing %}\n\n{{ 1 // 0 }}{% endblock %}", "student.html:4: "),
        (STUDENT + "{% block closin %}x{% endblock %}", "student.html:2: the page has no block `closin`; did you mean"),
        ('\n{% extends "blindgrade/studnet.html" %}', "student.html:2: there is no template blindgrade/studnet.html"),
        ('{% extends "student.html" %}', "student.html:1: it extends itself"),
        (STUDENT + '{% block closing %}{% include "x.html" %}{% endblock %}', "student.html:2: there is no template"),
        (STUDENT + "{% block closing %}{{ heading | upperr }}{% endblock %}", "student.html:2: No filter named"),
        (STUDENT + "{% block closing %}{{ heading | safe }}{% endblock %}", "student.html:2: No filter named 'safe'"),
        (STUDENT + "{% block closing %}\n<script>1</script>{% endblock %}", "student.html:3: a <script>"),
        (STUDENT + '{% block closing %}<img src="https://x.org/y.png">{% endblock %}', "student.html:2: src= loads"),
        (STUDENT + '{% block closing %}<p onclick="x()">{% endblock %}', "student.html:2: onclick= is a script"),
        (STUDENT + "{% block closing %}{% autoescape false %}{% endautoescape %}{% endblock %}", "student.html:2: "),
        (STUDENT + '{% block closing %}<img/src="//x.org/y.png">{% endblock %}', "student.html has <img src=…>"),
        (STUDENT + "{% block closing %}<p/onclick=x()>{% endblock %}", "student.html has <p onclick=…>"),
        (STUDENT + "{% block closing %}<{{ 'script' }}>1</{{ 'script' }}>{% endblock %}", "student.html has <script>"),
        (STUDENT + "{% block closing %}<{{ 'meta' }} content=1>{% endblock %}", "student.html has <meta>"),
        (STUDENT + "{% block closing %}<img {{ {'src': '/x'} | xmlattr }}>{% endblock %}", "student.html has <img src"),
        (STUDENT + "{% block closing %}<a href=' java\nscript:x()'>x</a>{% endblock %}", "student.html has <a href=…>"),
        (STUDENT + "{% block closing %}<svg><image href='/x'/></svg>{% endblock %}", "student.html has <image href=…>"),
        (STUDENT + "{% block closing %}<p style='color:u\\72l(/x)'>{% endblock %}", "student.html has <p style=…>"),
        ("{% extends 5 %}", "student.html:1: "),
        (STUDENT + "{% block closing %}{{ " + "(" * 900 + "1" + ")" * 900 + " }}{% endblock %}", "nested too deeply"),
        (STUDENT + "{% block closing %}{{ 'x' * 10 ** 15 }}{% endblock %}", "student.html:2: MemoryError"),
        ("<html>{{ heading }}</html>", "student.html lacks the policy"),
    ],
)  # fmt: skip
def test_a_broken_override_is_named_by_line_and_the_packaged_page_is_written(
    course: Course, text: str, said: str
) -> None:
    page = course.page(student=text)
    assert page == student_page(Look())
    assert len(course.warned) == 1 and f"{said}" in course.warned[0]
    assert course.warned[0].startswith(SHOWN) and course.warned[0].endswith(" The packaged template is used instead.")
    assert not re.search(r"[.?!]{2}", course.warned[0])


def test_a_broken_override_of_one_page_leaves_the_others(course: Course) -> None:
    page = course.page(cohort="{{", student=STUDENT + "{% block closing %}<p>Ours.</p>{% endblock %}")
    assert "<p>Ours.</p>" in page and course.warned == []


def test_a_broken_part_is_named_by_its_own_file(course: Course) -> None:
    page = course.page(
        part="\n{{ nothing.there }}", student=STUDENT + '{% block closing %}{% include "part.html" %}{% endblock %}'
    )
    assert page == student_page(Look()) and course.warned[0].startswith(f"{SHOWN}/part.html:2: ")


def test_a_template_that_cannot_be_read_does_not_lose_the_page(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = builtins.open

    def refuse(name: Any, *arguments: Any, **named: Any) -> Any:
        if str(name) == str(course.folder / "student.html"):
            raise PermissionError(13, "Permission denied")
        return opened(name, *arguments, **named)

    (course.folder / "student.html").write_text(STUDENT)
    monkeypatch.setattr(builtins, "open", refuse)
    assert course.page() == student_page(Look())
    assert course.warned[0].startswith(f"{SHOWN}/student.html: this cannot be read (Permission denied)")


def test_a_byte_order_mark_is_no_fault(course: Course) -> None:
    page = course.page(student=f"\ufeff{STUDENT}{{% block closing %}}<p>Ours.</p>{{% endblock %}}")
    assert "<p>Ours.</p>" in page and course.warned == []


def test_links_and_pictures_of_the_page_itself_are_no_fault(course: Course) -> None:
    text = "<a href='https://x.org'>x</a><svg><use href='#a'/></svg><p style='background: url(\"data:image/png,x\")'>"
    (course.folder / "notebook.html").write_text(CARD + "{% block closing %}<a href='#x'>x</a>{% endblock %}")
    assert "<a href='#x'>" in html_card(attempt(), course.look)
    assert added(f"<b>{text}</b>", "") == [] and added("<script>", "<script>") == []


def test_the_card_of_a_notebook_has_no_policy_and_still_runs_nothing(course: Course) -> None:
    (course.folder / "notebook.html").write_text(CARD + "{% block closing %}<{{ 'script' }}>1</script>{% endblock %}")
    assert html_card(attempt(), course.look) == html_card(attempt())
    assert "notebook.html has <script>, which would load or run something" in course.warned[0]


def test_a_picture_in_the_page_itself_is_no_fault(course: Course) -> None:
    picture = '<img alt="" src="data:image/png;base64,AA==">'
    assert picture in course.page(student=STUDENT + f"{{% block closing %}}{picture}{{% endblock %}}")
    assert course.warned == []


def test_a_stylesheet_among_the_templates_is_not_read(course: Course) -> None:
    (course.folder / "palette.css").write_text("nonsense {{")
    assert course.page() == student_page(Look()) and course.warned == []


def test_warnings_go_to_standard_error_and_a_refused_theme_leaves_our_colours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = Catalog(tmp_path)
    catalog.page_templates.mkdir(parents=True)
    catalog.theme.write_text('@import "x.css";')
    (catalog.page_templates / "student.html").write_text(STUDENT + "{{")
    assert student_page(look_of(catalog)) == student_page(Look())
    theme, template = capsys.readouterr().err.splitlines()
    assert theme.startswith("warning: reports/theme.css:1: `@import` loads a file")
    assert template.startswith("warning: reports/templates/student.html:2: ")


def test_a_release_names_the_first_fault_of_any_template(tmp_path: Path) -> None:
    (tmp_path / "student.html").write_text(STUDENT)
    check_templates(tmp_path, SHOWN)
    (tmp_path / "cohort.html").write_text('{% extends "blindgrade/cohort.html" %}\n{% block alik %}{% endblock %}')
    with pytest.raises(
        CourseError, match=r"reports/templates/cohort.html:2: .* did you mean `alike`\? Correct the template\.$"
    ):
        check_templates(tmp_path, SHOWN)


def test_a_template_that_no_page_uses_gets_a_warning_with_the_known_names(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.page_templates.mkdir(parents=True)
    (catalog.page_templates / "studnet.html").write_text(STUDENT)
    (catalog.page_templates / "x-y-z.html").write_text("{{")
    (catalog.page_templates / "footer.html").write_text("Ours.")
    (catalog.page_templates / "cohort.html").write_text('{% include "footer.html" %}')
    warned: list[str] = []
    look_of(catalog, warned.append)
    known = "base.html, cohort.html, feedback.html, notebook.html, student.html."
    assert warned == [
        f"{SHOWN}/studnet.html: no page uses this template; did you mean student.html? The pages are {known}",
        f"{SHOWN}/x-y-z.html: no page uses this template. The pages are {known}",
    ]


def test_the_known_names_are_those_of_the_packaged_templates() -> None:
    packaged = (PACKAGE / "render/html/templates", PACKAGE / "cohort_report/templates")
    assert {*PAGES, *PARTS} == {path.name for folder in packaged for path in folder.glob("*.html")}
