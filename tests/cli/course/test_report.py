"""`course simulate` and `course report`, by running the commands."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from blindgrade.cli.course.group import course

MINI = Path(__file__).parents[2] / "courses" / "mini"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("BLINDGRADE_COURSE", str(MINI))
    return lambda *arguments: CliRunner().invoke(course, [str(a) for a in arguments])


@pytest.fixture
def simulated(run, tmp_path):
    result = run(
        "simulate", "lesson-1.1", "--students", 40, "--seed", 3, "--to", tmp_path / "in", "--attempts", tmp_path / "a"
    )
    assert result.exit_code == 0, result.output
    return tmp_path


def test_a_simulated_cohort_is_reported_on(run, simulated):
    page = simulated / "out" / "term.html"
    result = run("report", "lesson-1.1", "--attempts", simulated / "a", "--submitted", simulated / "in", "--to", page)
    assert result.exit_code == 0, result.output
    students = len(json.loads((simulated / "in" / ".collected.json").read_text())["students"])
    assert f"{students} students, 1 lesson;" in result.output
    assert "Cohort report: lesson-1.1" in page.read_text() and (page.with_suffix("") / "alike.csv").is_file()


def test_without_submissions_the_page_says_how_to_compare_them(run, simulated):
    page = simulated / "plain.html"
    assert run("report", "all", "--attempts", simulated / "a", "--to", page).exit_code == 0
    assert "course report all --submitted DIR" in page.read_text()
    assert not (page.with_suffix("") / "alike.csv").exists()


def test_no_attempts_is_a_wrong_request_that_says_what_to_run(run, tmp_path):
    result = run("report", "lesson-1.1.1", "--attempts", tmp_path, "--to", tmp_path / "x.html")
    assert result.exit_code == 2 and "run `course grade lesson-1.1.1 SUBMITTED/`" in result.output
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("name", ["lesson-9.9", "lesson-1.1.1/standardize"])
def test_an_id_that_is_no_lesson_is_refused(run, tmp_path, name):
    for command in (["report", name, "--attempts", tmp_path], ["simulate", name, "--to", tmp_path / "new"]):
        result = run(*command)
        assert result.exit_code == 2 and "lesson-1.1.1" in result.output


def test_a_folder_in_use_is_not_written_into(run, tmp_path):
    (tmp_path / "theirs").write_text("a real submission")
    result = run("simulate", "all", "--to", tmp_path)
    assert result.exit_code == 2 and "is not empty" in result.output
    assert [p.name for p in tmp_path.iterdir()] == ["theirs"]


def test_without_scipy_the_extra_is_named(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    result = run("report", "all", "--attempts", tmp_path)
    assert result.exit_code == 2 and "pip install 'blindgrade[report]'" in result.output
