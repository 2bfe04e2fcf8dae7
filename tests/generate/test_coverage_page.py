from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.generate.build import build
from blindgrade.generate.coverage_page import PAGE, coverage_page

MINI = Path(__file__).parents[1] / "courses" / "mini"


@pytest.fixture
def course(tmp_path: Path) -> Catalog:
    """The miniature course with a second lesson that builds on the first."""
    shutil.copytree(MINI, tmp_path / "mini")
    root = tmp_path / "mini"
    text = (root / "course.toml").read_text()
    at = text.index("[[module.lesson]]")
    end = text.index("[[", at + 5)
    second = text[at:end].replace("lesson-1.1.1", "lesson-1.1.2").replace('"basics"', '"more"')
    (root / "course.toml").write_text(text[:end] + second + text[end:])
    for tree in ("exercises", "graders", "solutions"):
        first = next((root / tree).glob("lesson_1_1_1*"))
        other = root / tree / "lesson_1_1_2_more"
        shutil.copytree(first, other)
        for file in other.glob("basics.*"):
            file.rename(other / f"more{file.suffix}")
    spec = root / "exercises" / "lesson_1_1_2_more" / "lesson.toml"
    spec.write_text(spec.read_text().replace('requires = ["standardize"]', 'requires = ["lesson-1.1.1/correlation"]'))
    return Catalog(root)


def test_the_page_lists_the_exercises_of_each_concept_and_what_they_build_on(course: Catalog) -> None:
    page = coverage_page(course)
    assert "2 lessons, 6 exercises, 12 checks." in page
    assert (
        "1.1.1 computed: standardize (3), correlation (2)<br>1.1.2 computed: standardize (3), correlation (2)" in page
    )
    assert "lesson1_1_1 --> lesson1_1_2" in page
    assert "| 1.1.2 correlation | 1.1.1 correlation |" in page
    assert "**none**" not in page


def test_a_page_that_is_out_of_date_is_drift(course: Catalog) -> None:
    page = course.root / PAGE
    page.parent.mkdir()
    page.write_text(coverage_page(course))
    assert PAGE not in build(course, ["lesson-1.1.1"], check=True)
    page.write_text(page.read_text() + "more\n")
    assert PAGE in build(course, ["lesson-1.1.1"], check=True)


def test_the_page_says_what_a_student_does_with_each_concept(course: Catalog) -> None:
    spec = course.root / "exercises" / "lesson_1_1_2_more" / "lesson.toml"
    spec.write_text(spec.read_text().replace('name = "standardize"', 'name = "standardize"\nuse = "looked up"', 1))
    assert "1.1.2 looked up: standardize (3); computed: correlation (2)" in coverage_page(Catalog(course.root))
