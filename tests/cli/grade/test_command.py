"""The command contract of `grade`, by running the real command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog

TESTS = Path(__file__).parents[2]
CASES = TESTS / "submissions" / "mini"
GRADE = Path(sys.executable).with_name("grade")


def run(
    *args: str | Path, course: Path = TESTS / "courses" / "mini", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLINDGRADE_COURSE": str(course), "COLUMNS": "80", "NO_COLOR": "1"}
    return subprocess.run([GRADE, *args], capture_output=True, text=True, env=env, timeout=120, cwd=cwd)


def test_every_point_earned_is_exit_code_0() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "all_right")
    assert (done.returncode, "100 of 100 points" in done.stdout) == (0, True)


def test_points_missing_is_exit_code_1_and_names_the_misconception() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "wrong_and_blocked")
    assert done.returncode == 1
    assert "diagnosis  The spread is still what it was.\n" in done.stdout
    assert "basics.py:4" in done.stdout
    assert "next       grade lesson-1.1.1/standardize" in done.stdout


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("lesson-1.1.2", "did you mean"),
        ("lesson-1.1.1/standardise", "did you mean lesson-1.1.1/standardize"),
        ("basic", "lesson-1.1.1"),
    ],
)
def test_an_unknown_id_is_exit_code_2_with_the_nearest(name: str, answer: str) -> None:
    done = run(name)
    assert (done.returncode, done.stdout) == (2, "")
    assert answer in done.stderr


def test_an_unreadable_submission_is_exit_code_2(tmp_path: Path) -> None:
    done = run("lesson-1.1.1", "--submission", tmp_path / "nowhere.py")
    assert done.returncode == 2
    assert "does not exist" in done.stderr


def test_json_is_one_object_of_the_stable_shape() -> None:
    done = run("lesson-1.1", "--submission", CASES / "wrong_and_blocked", "--json", "--seed", "5")
    grading = json.loads(done.stdout)
    assert grading["schema"] == "blindgrade/grading/v1"
    assert set(grading) >= {"schema", "points", "max_points", "lessons"}
    attempt = grading["lessons"][0]
    assert attempt["schema"] == "blindgrade/attempt/v1"
    assert attempt["seed"] == 5
    assert set(attempt) >= {
        "schema", "lesson", "title", "points", "max_points", "submission", "student", "submitted_at", "graded_at",
        "seed", "reference", "sandbox", "seconds", "exercises",
    }  # fmt: skip
    exercise = attempt["exercises"][0]
    assert set(exercise) >= {"name", "title", "outcome", "points", "max_points", "concepts", "checks"}
    assert set(exercise["checks"][0]) >= {
        "name", "claim", "public", "outcome", "message", "hint", "misconception", "seconds",
    }  # fmt: skip


def test_output_of_student_code_stays_out_of_the_json() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "prints_to_stdout", "--json")
    assert done.stdout.startswith("{") and "SCORE" not in done.stdout.split("{")[0]
    json.loads(done.stdout)


def test_control_characters_of_a_student_are_shown_escaped() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "prints_and_fails", "--verbose")
    assert "\x1b" not in done.stdout
    assert "\\x1b[2JPASS" in done.stdout


def test_a_planned_lesson_says_so(tmp_path: Path) -> None:
    course = Path(
        shutil.copytree(TESTS / "courses" / "mini", tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    )
    later = '[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "later"\ntitle = "Later"\nstatus = "planned"\n\n'
    text = (course / "course.toml").read_text()
    (course / "course.toml").write_text(text.replace("[[concept]]", f"{later}[[concept]]", 1))
    done = run("lesson-1.1.2", course=course)
    assert done.returncode == 2
    assert "lesson-1.1.2 is planned" in done.stderr


def test_help_names_every_option_of_the_contract() -> None:
    text = run("--help").stdout
    for option in ("--submission", "--json", "--seed", "--sandbox", "--device", "--debug", "--reference"):
        assert option in text


def test_no_course_is_exit_code_2_with_what_to_do(tmp_path: Path) -> None:
    done = run("all", course=tmp_path)
    assert done.returncode == 2
    assert "course.toml" in done.stderr


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A student's own copy of the course, with a half-right answer."""
    course = tmp_path / "course"
    shutil.copytree(TESTS / "courses" / "mini", course, ignore=shutil.ignore_patterns(".blindgrade", "__pycache__"))
    shutil.copy(CASES / "wrong_and_blocked" / "basics.py", course / "exercises" / "lesson_1_1_1_basics" / "basics.py")
    return course


def test_grade_without_a_lesson_shows_earlier_results(own: Path) -> None:
    before = run(course=own)
    assert (before.returncode, "not graded yet" in before.stdout) == (0, True)
    run("lesson-1.1.1", course=own)
    after = run(course=own)
    assert "20 / 100" in after.stdout and "1 of 3 done" in after.stdout
    assert "next  grade lesson-1.1.1/standardize" in after.stdout


def test_grade_alone_says_that_the_code_has_changed_since(own: Path) -> None:
    run("lesson-1.1.1/fit_line", course=own)
    assert "changed since" not in run(course=own).stdout
    with (own / "exercises" / "lesson_1_1_1_basics" / "basics.py").open("a") as file:
        file.write("\n# a remark\n")
    assert "changed since" in run(course=own).stdout


def test_hints_climb_one_step_at_a_time_and_are_remembered(own: Path) -> None:
    run("lesson-1.1.1", course=own)
    printed = [
        run("--hint", *names, course=own).stdout for names in ((), ("standardize",), ("lesson-1.1.1/standardize",))
    ]
    assert ["Subtract first" in text for text in printed] == [False, True, True]
    assert ["Keep the axis" in text for text in printed] == [False, False, True]
    assert "diagnosis  The spread is still what it was." in printed[0]


def test_an_others_submission_leaves_no_trace_in_the_course(own: Path) -> None:
    run("lesson-1.1.1", "--submission", CASES / "all_right", course=own)
    assert not (own / ".blindgrade").exists()


@pytest.mark.parametrize("options", [(), ("--json",)], ids=ascii)
def test_a_result_that_cannot_be_written_is_exit_code_3_and_no_traceback(options: tuple[str, ...]) -> None:
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini")}
    with open("/dev/full", "w") as full:
        command = [GRADE, "lesson-1.1.1", "--submission", CASES / "all_right", *options]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, timeout=120)
    assert done.returncode == 3
    assert done.stderr.startswith("grade: the result could not be written (No space left on device)")
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini")}
    command = [GRADE, "lesson-1.1.1", "--submission", CASES / "all_right"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith("lesson-1.1.1")
        process.stdout.close()
        assert process.stderr.read() == ""


def test_the_heading_is_printed_before_torch_is_imported(tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('torch was imported')")
    env = {**os.environ, "BLINDGRADE_COURSE": str(TESTS / "courses" / "mini"), "PYTHONPATH": str(tmp_path)}
    command = [GRADE, "lesson-1.1.1", "--submission", CASES / "all_right"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.stdout.startswith("lesson-1.1.1  Basics\n")
    assert "torch was imported" in done.stderr


def test_progress_and_hints_need_no_torch(tmp_path: Path, own: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('torch was imported')")
    env = {**os.environ, "BLINDGRADE_COURSE": str(own), "PYTHONPATH": str(tmp_path)}
    for command in ([GRADE], [GRADE, "--hint"]):
        assert subprocess.run(command, capture_output=True, text=True, env=env, timeout=120).returncode == 0


def test_verbose_shows_the_students_own_frames() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "raises", "--verbose")
    assert "basics.py:12 in correlation" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_ladder_goes_on_from_the_hint_that_the_screen_showed(own: Path) -> None:
    folder = "exercises/lesson_1_1_1_basics"
    shutil.copy(TESTS / "courses" / "mini" / folder / "basics.py", own / folder / "basics.py")
    said = run("lesson-1.1.1", course=own).stdout
    assert "To write: standardize" in said and "hint       What are mean and spread of each row?" in said
    assert "hint 2     Subtract first, then divide." in run("--hint", "standardize", course=own).stdout


def test_a_failure_that_nothing_explains_shows_no_hint_and_the_ladder_begins_with_its_first(own: Path) -> None:
    shutil.copy(CASES / "raises" / "basics.py", own / "exercises" / "lesson_1_1_1_basics" / "basics.py")
    said = run("lesson-1.1.1", course=own).stdout
    assert "To fix: correlation" in said and "Are the rows on one scale?" not in said
    assert "grade --hint lesson-1.1.1/correlation   for a hint" in said
    assert "hint 1     Are the rows on one scale?" in run("--hint", "correlation", course=own).stdout


def test_files_for_other_programs_are_written_beside_the_screen(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    names = {"--junit": "grade.xml", "--sarif": "grade.sarif", "--summary": "grade.md"}
    options = [part for option, name in names.items() for part in (option, str(out / name))]
    done = run("lesson-1.1.1", "--submission", CASES / "raises", *options)
    assert done.returncode == 1 and "To fix: correlation" in done.stdout
    beginnings = {name: (out / name).read_text()[:20] for name in names.values()}
    assert beginnings["grade.xml"].startswith("<?xml") and beginnings["grade.sarif"].startswith("{")
    assert beginnings["grade.md"].startswith("### lesson-1.1.1")


def test_the_summary_of_a_job_is_appended_to_and_another_file_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    run("lesson-1.1.1", "--submission", CASES / "all_right", "--summary", page)
    assert page.read_text().startswith("before\n### lesson-1.1.1")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    run("lesson-1.1.1", "--submission", CASES / "all_right", "--summary", page)
    assert page.read_text().startswith("### lesson-1.1.1")


def test_a_file_that_cannot_be_written_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("lesson-1.1.1", "--submission", CASES / "all_right", "--junit", tmp_path / "file" / "grade.xml")
    assert done.returncode == 3
    assert "could not be written" in done.stderr


def test_problems_are_lines_and_nothing_else() -> None:
    done = run("lesson-1.1.1", "--submission", CASES / "raises", "--problems")
    assert done.returncode == 1
    assert all(": error: lesson-1.1.1/" in line for line in done.stdout.splitlines())
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize("options", [("--json",), ("--problems",), ("--sarif", "x"), ("--json", "--problems", "all")])
def test_options_that_exclude_each_other_are_exit_code_2(options: tuple[str, ...]) -> None:
    done = run(*options)
    assert (done.returncode, done.stdout) == (2, "")


def test_progress_and_hints_continue_from_the_last_screen(own: Path) -> None:
    wrong = own / "exercises" / "lesson_1_1_1_basics" / "basics.py"
    wrong.write_text(wrong.read_text() + "\n\ndef fit_line(x, y):\n    return 0\n")
    run("lesson-1.1.1", course=own)
    run("lesson-1.1.1/fit_line", course=own)
    assert "next  grade lesson-1.1.1/fit_line" in run(course=own).stdout
    assert run("--hint", course=own).stdout.startswith("fit_line")


def test_a_report_is_written_and_named_on_standard_error(tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    done = run("lesson-1.1.1", "--submission", CASES / "wrong_and_blocked", "--json", "--report", page)
    assert (done.returncode, json.loads(done.stdout)["schema"]) == (1, "blindgrade/grading/v1")
    assert str(page) in done.stderr
    text = page.read_text(encoding="utf-8")
    assert "The spread is still what it was." in text and "not divided" not in text
    assert list(page.parent.iterdir()) == [page]


def test_a_report_has_the_courses_theme_and_a_broken_template_is_a_warning(tmp_path: Path) -> None:
    course = Catalog(Path(shutil.copytree(TESTS / "courses" / "mini", tmp_path / "mini")))
    course.page_templates.mkdir(parents=True)
    course.theme.write_text(":root { --link: #123456; }")
    (course.page_templates / "student.html").write_text('{% extends "blindgrade/student.html" %}\n{{')
    done = run("lesson-1.1", "--submission", CASES / "all_right", "--report", course=course.root)
    assert done.returncode == 0 and "warning: reports/templates/student.html:2: " in done.stderr
    assert "--link: #123456;" in course.page(["lesson-1.1"], "student").read_text(encoding="utf-8")


def test_a_report_without_a_name_gets_the_default_name(tmp_path: Path) -> None:
    course = tmp_path / "mini"
    shutil.copytree(TESTS / "courses" / "mini", course)
    run("lesson-1.1", "--submission", CASES / "all_right", "--report", course=course)
    assert (course / "reports" / "lesson-1.1" / "student.html").is_file()


@pytest.mark.parametrize("place", ["lesson-1.1.1", "no-page.txt"])
def test_a_report_that_is_no_page_is_exit_code_2(place: str) -> None:
    done = run("lesson-1.1.1", "--report", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "ends in .html" in done.stderr


def test_a_report_that_cannot_be_written_is_exit_code_2_after_the_result(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("lesson-1.1.1", "--submission", CASES / "all_right", "--report", tmp_path / "file" / "page.html")
    assert (done.returncode, "100 of 100 points" in done.stdout) == (2, True)
    assert "could not be written" in done.stderr


def test_html_that_a_submission_prints_and_raises_is_text_in_the_report(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shutil.copy(TESTS / "attacks" / "writes_html.py", tmp_path / "basics.py")
    run("lesson-1.1.1", "--submission", tmp_path / "basics.py", "--report", page)
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text  # it did print and raise
    assert "<script" not in text and "<img" not in text and "onload=alert(1)>" not in text


def test_mastery_in_the_report_counts_earlier_gradings_of_the_students_own(own: Path, tmp_path: Path) -> None:
    shutil.copy(CASES / "all_right" / "basics.py", own / "exercises" / "lesson_1_1_1_basics" / "basics.py")
    run("lesson-1.1.1", course=own)
    page, others = tmp_path / "page.html", tmp_path / "others.html"
    run("lesson-1.1.1/standardize", "--report", page, course=own)
    mastery = page.read_text(encoding="utf-8").split('id="mastery"')[1]
    assert "count with their last result" in mastery
    assert "lesson-1.1.1/correlation" in mastery and "lesson-1.1.1/fit_line" in mastery
    run("lesson-1.1.1/standardize", "--submission", CASES / "all_right", "--report", others, course=own)
    mastery = others.read_text(encoding="utf-8").split('id="mastery"')[1]
    assert "Only this grading counts" in mastery
    assert "correlation" not in mastery and "fit_line" not in mastery


@pytest.mark.parametrize("name", ["standardize", "1.1.1/standardize", "basics/standardize"])
def test_a_name_that_is_unique_is_enough(name: str) -> None:
    done = run(name, "--submission", CASES / "all_right", "--json")
    [lesson] = json.loads(done.stdout)["lessons"]
    assert [exercise["name"] for exercise in lesson["exercises"]] == ["standardize"]


def test_the_next_command_repeats_the_submission(tmp_path: Path) -> None:
    shutil.copytree(CASES / "wrong_and_blocked", tmp_path / "my work")
    done = run("basics", "--submission", "my work", cwd=tmp_path)
    assert "next       grade lesson-1.1.1/standardize --submission 'my work'" in done.stdout


def test_prints_of_a_debugged_file_stay_out_of_the_json(tmp_path: Path) -> None:
    noise = "import os, sys\nos.write(1, b'more')\nsys.stdout = open(os.devnull, 'w')\n"
    text = (
        (CASES / "all_right" / "basics.py")
        .read_text()
        .replace(":\n    ", ":\n    print('noise', file=sys.__stdout__)\n    ", 1)
    )
    (tmp_path / "basics.py").write_text(noise + text)
    done = run("1.1.1", "--submission", tmp_path, "--debug", "--json")
    assert json.loads(done.stdout)["points"] == 100
    assert "noise" in done.stderr and "more" in done.stderr


def test_a_missing_package_of_the_course_is_exit_code_2_with_the_command(tmp_path: Path) -> None:
    shutil.copytree(TESTS / "courses" / "mini", tmp_path / "course")
    with (tmp_path / "course" / "course.toml").open("a") as file:
        file.write('\n[environment]\npackages = ["no-such-package==1.0"]\n')
    done = run("basics", course=tmp_path / "course")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "this course needs no-such-package==1.0" in done.stderr and "-m pip install no-such-package==1.0" in done.stderr
    )
