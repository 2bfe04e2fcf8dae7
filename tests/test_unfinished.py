"""A lesson that is not right yet stops only itself, and folders that nobody lists are named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade import notebook
from blindgrade.catalog import Catalog, CourseError, UnknownId
from blindgrade.cli.course.group import course
from blindgrade.cli.grade.command import grade
from blindgrade.scaffold.lesson import new_lesson, plan_lesson
from blindgrade.verify.bench import Effort
from blindgrade.verify.proofs import READABLE, prove

MINI = Path(__file__).parent / "courses" / "mini"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The miniature course with a second lesson."""
    copy = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__", ".blindgrade")))
    catalog = Catalog(copy)
    new_lesson(catalog, plan_lesson(catalog, "curves"))
    monkeypatch.setenv("BLINDGRADE_COURSE", str(copy))
    return copy


def run(*arguments: str) -> Result:
    return CliRunner().invoke(course, arguments)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "exercises/lesson_1_1_2_curves/lesson.toml",
            "points = 100",
            "points = 0",
            "lesson.toml:7: exercise 1 (`center_rows`)",
        ),
        ("solutions/lesson_1_1_2_curves/curves.py", "### END SOLUTION", "", "is never closed"),
        (
            "solutions/lesson_1_1_2_curves/curves.py",
            "def center_rows",
            "def center_row",
            "does not define `center_rows`; define it there, or rename the exercise in the lesson's four files."
            " Did you mean `center_row`?",
        ),
        ("graders/lesson_1_1_2_curves/checks.py", "def center_rows_has", "def 1", "checks.py"),
        ("graders/lesson_1_1_2_curves/checks.py", '@check("center_rows"', '@check("centre"', "belongs to `centre`"),
    ],
)
def test_a_lesson_that_cannot_be_built_is_named_and_the_others_are_built(
    root: Path, file: str, old: str, new: str, said: str
) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
    stub = Catalog(root).files("lesson-1.1.1").stub
    stub.write_text("old")
    done = run("build")
    assert done.exit_code == 2
    assert "course build: lesson-1.1.2 is not built: " in done.stderr and said in done.stderr
    assert f"wrote {stub.relative_to(root)}" in done.stdout and stub.read_text() != "old"


def test_a_lesson_that_cannot_be_read_is_one_failed_proof(root: Path) -> None:
    Catalog(root).files("lesson-1.1.2").known_answers.unlink()
    effort = Effort(seeds=1, workers=2)
    proofs = prove(Catalog(root), ["lesson-1.1.1/correlation", "lesson-1.1.2"], effort)
    assert [(p.lesson, p.passed) for p in proofs if p.name == READABLE] == [("lesson-1.1.2", False)]
    assert any(p.lesson == "lesson-1.1.1" and p.passed for p in proofs)


def unlist(root: Path) -> None:
    contents = root / "course.toml"
    text = contents.read_text()
    start = text.index('\n[[module.lesson]]\nid = "lesson-1.1.2"')
    contents.write_text(text[:start] + text[text.index('title = "Curves"', start) + len('title = "Curves"') :])


@pytest.mark.parametrize("name", ["lesson-1.1.9", "1.1.9", "lesson-1.1.9/predict"])
def test_another_number_does_not_mean_the_folder_that_course_toml_does_not_list(root: Path, name: str) -> None:
    unlist(root)
    (root / "course.toml").write_text(
        (root / "course.toml").read_text().replace('lessons = ["lesson-1.1.2"]', "lessons = []")
    )
    with pytest.raises(UnknownId) as error:
        Catalog(root).find([name])
    assert "is not in course.toml" not in str(error.value) and "lesson-1.1.1" in str(error.value)


@pytest.mark.parametrize("name", ["curves", "lesson-1.1.2", "1.1.2", "curvse", "lesson_1_1_2_curves"])
def test_a_folder_that_course_toml_does_not_list_is_meant(root: Path, name: str) -> None:
    unlist(root)
    (root / "course.toml").write_text(
        (root / "course.toml").read_text().replace('lessons = ["lesson-1.1.2"]', "lessons = []")
    )
    with pytest.raises(
        UnknownId, match=r"solutions/lesson_1_1_2_curves is not in course\.toml; add these lines"
    ) as error:
        Catalog(root).find([name])
    assert '[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "curves"' in str(error.value)
    done = run("build")
    assert "lesson_1_1_2_curves is not in course.toml, so nothing is done with it" in done.stderr


def test_a_slug_that_is_not_the_folders_is_named_with_its_line(root: Path) -> None:
    contents = root / "course.toml"
    contents.write_text(contents.read_text().replace('slug = "curves"', 'slug = "curve"'))
    done = run("build", "lesson-1.1.2")
    assert done.exit_code == 2
    assert "has the slug `curve`, but its folder is solutions/lesson_1_1_2_curves" in done.stderr
    assert "course.toml:16: " in done.stderr


def test_a_bare_install_verifies_and_names_the_extra_for_mutants(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blindgrade.verify.mutant.NEEDED", "no_such_library")
    assert run("build").exit_code == 0
    done = run("verify", "lesson-1.1.2", "--seeds", "1", "--workers", "2")
    assert done.exit_code == 0, done.output
    for arguments in (["--mutants"], ["--why", "center_rows"]):
        done = run("verify", *arguments)
        assert done.exit_code == 2 and "pip install 'blindgrade[author]'" in done.stderr


@pytest.fixture
def broken(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course, whose second lesson is not right yet."""
    spec = Catalog(root).files("lesson-1.1.2").spec
    spec.write_text(spec.read_text().replace("points = 100", "points = 0"))
    monkeypatch.chdir(root)
    return root


LEFT_OUT = "lesson-1.1.2 is left out, because its files are not right yet: "


@pytest.mark.parametrize("arguments", [[], ["--hint"]])
def test_progress_and_hints_name_a_lesson_that_is_not_right_and_show_the_others(
    broken: Path, arguments: list[str]
) -> None:
    done = CliRunner().invoke(grade, arguments)
    assert done.exit_code == 0, done.output
    assert f"grade: {LEFT_OUT}" in done.stderr and "lesson.toml:7: exercise 1 (`center_rows`)" in done.stderr
    assert "lesson-1.1.1" in done.stdout and "Traceback" not in done.output


def test_a_hint_for_the_lesson_that_is_not_right_says_why_there_is_none(broken: Path) -> None:
    done = CliRunner().invoke(grade, ["--hint", "lesson-1.1.2"])
    assert done.exit_code == 2 and "lesson.toml:7: exercise 1 (`center_rows`)" in done.stderr


def test_a_page_of_one_lesson_names_the_lesson_that_is_not_right_once(broken: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = subprocess.run(
        [sys.executable, "-m", "blindgrade", "grade", "lesson-1.1.1", "--report", str(page)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and page.is_file(), done.stderr
    assert done.stderr.count(LEFT_OUT) == 1


def test_the_magic_grades_a_lesson_beside_one_that_is_not_right(broken: Path) -> None:
    names = {"standardize": lambda values: values}
    assert notebook.grade("standardize", namespace=names).max_points == 40
    with pytest.raises(CourseError, match=r"lesson\.toml:7"):
        notebook.grade("lesson-1.1.2", namespace=names)
