"""`%grade` in a real kernel, and the same as a function."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from blindgrade import notebook
from blindgrade.catalog import Catalog, CourseError, UnknownId

MINI = Path(__file__).parent / "courses" / "mini"

NOT_DIVIDED = "def standardize(values):\n    return values - values.mean(dim=-1, keepdim=True)\n"
CELLS = {
    "load": "%load_ext blindgrade",
    "early": "%grade",
    "student": NOT_DIVIDED,
    "one": "%grade standardize",
    "raises": "def correlation(first, second):\n    print('<b>here</b>')\n    return first @ (second / nothing)",
    "all": "%grade",
    "unknown": "%grade standardise",
    "object": "import blindgrade.notebook\n"
    "graded = blindgrade.notebook.grade('standardize')\n"
    "print(graded.points, graded.max_points, [check.name for check in graded.checks])",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lesson's folder of a copy of the miniature course."""
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(MINI, course, dirs_exist_ok=True)
    return course / "exercises" / "lesson_1_1_1_basics"


@pytest.fixture(scope="module")
def client(lesson: Path) -> Iterator[Any]:
    """A kernel that runs in the lesson's folder and has run CELLS."""
    import nbformat
    from nbclient import NotebookClient

    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    book = nbformat.v4.new_notebook(cells=cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the clients' own, of event loops and paths
        runner = NotebookClient(book, timeout=120, allow_errors=True, resources={"metadata": {"path": str(lesson)}})
        with runner.setup_kernel():
            for index, cell in enumerate(book.cells):
                runner.execute_cell(cell, index)
            yield runner


@pytest.fixture(scope="module")
def outputs(client: Any) -> dict[str, list[Any]]:
    return {name: cell.outputs for name, cell in zip(CELLS, client.nb.cells, strict=True)}


def test_the_magic_shows_a_card_and_its_plain_text(outputs: dict[str, list[Any]]) -> None:
    [shown] = outputs["one"]
    assert shown.output_type == "display_data"
    assert "Each row has mean 0 and standard deviation 1." in shown.data["text/html"]
    assert "→ The spread is still what it was.\n" in shown.data["text/plain"]
    assert "(cell [3], line 1)" in shown.data["text/plain"]
    assert "the others run when you hand in. Save the notebook, then" in shown.data["text/plain"]


def test_without_a_name_all_that_is_defined_is_graded(outputs: dict[str, list[Any]]) -> None:
    [shown] = outputs["all"]
    text = shown.data["text/plain"]
    assert text.startswith("✗ standardize  One scale: failed, 0 / 40")
    assert "✗ correlation  Two rows: failed" in text  # its code does not use `standardize`
    assert "fit_line" not in text


def test_what_the_students_code_says_is_text_in_the_card(outputs: dict[str, list[Any]]) -> None:
    page = outputs["all"][0].data["text/html"]
    assert "&lt;b&gt;here&lt;/b&gt;" in page
    assert "<b>here" not in page


def test_before_any_cell_was_run_the_magic_says_what_to_do(outputs: dict[str, list[Any]]) -> None:
    text = "".join(str(one.get("text", "")) for one in outputs["early"])
    assert "defines no exercise of lesson-1.1.1 yet; run the notebook's cells first" in text


def test_an_unknown_name_gives_the_nearest_without_a_traceback(outputs: dict[str, list[Any]]) -> None:
    text = "".join(str(one.get("text", "")) for one in outputs["unknown"])
    assert text == "UsageError: no exercise has the name 'standardise'; did you mean standardize?\n"


def test_the_function_returns_points_and_checks(outputs: dict[str, list[Any]]) -> None:
    assert outputs["object"][0].text == "0.0 40.0 ['has_mean_zero_and_spread_one']\n"


def test_names_are_completed(client: Any) -> None:
    message = client.kc.complete("%grade st", 9)
    reply = client.wait_for_reply(message)
    assert "standardize" in reply["content"]["matches"]


def right() -> dict[str, Any]:
    names: dict[str, Any] = {}
    source = (MINI / "solutions" / "lesson_1_1_1_basics" / "basics.py").read_text(encoding="utf-8")
    exec(compile(source, "basics", "exec"), names)
    return names


def test_outside_the_lessons_folder_the_lesson_is_known_by_what_is_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    graded = notebook.grade(namespace=right())
    assert (graded.points, graded.max_points) == (100, 100)
    assert graded.attempt.lesson == "lesson-1.1.1"


def test_visual_studio_code_names_the_notebooks_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
    with pytest.raises(CourseError):
        notebook.grade("standardize", namespace=right())
    path = MINI / "exercises" / "lesson_1_1_1_basics" / "basics.ipynb"
    graded = notebook.grade("standardize", namespace={**right(), "__vsc_ipynb_file__": str(path)})
    assert graded.points == 40


@pytest.mark.parametrize("name", ["lesson-1.1.1/standardize", "standardize", " standardize ", "1.1.1/standardize"])
def test_an_exercise_has_a_short_name_and_a_full_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    assert [r.name for r in notebook.grade(name, namespace=right()).exercises] == ["standardize"]


def test_a_name_like_no_other_gives_the_lessons_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    with pytest.raises(UnknownId, match="this lesson has standardize, correlation, fit_line"):
        notebook.grade("zzz", namespace=right())
    with pytest.raises(UnknownId, match="lesson-1.1.1"):
        notebook.grade("lesson-1.1.7", namespace=right())


def test_the_card_has_the_courses_theme_and_template(lesson: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(lesson.parents[1])
    monkeypatch.chdir(lesson)
    catalog.page_templates.mkdir(parents=True)
    catalog.theme.write_text(":root { --sign-failed: #123456; }")
    text = '{% extends "blindgrade/notebook.html" %}{% block closing %}<div>Ask us.</div>{% endblock %}'
    (catalog.page_templates / "notebook.html").write_text(text)
    namespace: dict[str, Any] = {"torch": torch}
    exec(NOT_DIVIDED, namespace)
    card = notebook.grade("standardize", namespace=namespace)._repr_html_()
    shutil.rmtree(catalog.reports)
    assert "--sign-failed: #123456;" in card and "<div>Ask us.</div>" in card
