"""`course feedback`: its files, its messages and its exit codes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blindgrade.cli.course.group import course

from ...graded import LESSON, Store, attempt, store

__all__ = ["store"]  # a fixture
MINI = Path(__file__).parents[2] / "courses" / "mini"


@pytest.fixture
def here(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with attempts of Ana and Bo, and a roster that also has Cy."""
    shutil.copytree(MINI, tmp_path, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    store(attempt("ana", (1, 1, 1)), attempt("bo", (0.8, 0, 1)))
    (tmp_path / "roster.csv").write_text("id,name,moodle_id\nana,Ana Doe,4711\nbo,Bo Roe,4712\ncy,Cy Poe,4713\n")
    monkeypatch.setenv("BLINDGRADE_COURSE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def policy(here: Path, text: str) -> None:
    with open(here / "course.toml", "a") as file:
        file.write(text)


def feedback(*words: str, lesson: str = LESSON) -> Result:
    return CliRunner().invoke(course, ["feedback", lesson, "--to", "out", *words])


def test_each_student_gets_a_page_and_a_text(here: Path) -> None:
    done = feedback()
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (here / "out" / LESSON).iterdir()) == [
        "ana.html", "ana.txt", "bo.html", "bo.txt",
    ]  # fmt: skip
    page, text = ((here / "out" / LESSON / f"bo{ending}").read_text() for ending in (".html", ".txt"))
    assert "52 of 100 points" in page and "<script" not in page
    assert text.splitlines()[:3] == ["lesson-1.1.1 Basics", "Mini · bo", ""]
    assert "One scale: failed, 32 of 40 points\n✗ The claim <of> a check.\n" in text
    assert "    your code raised ValueError\n    → Look again.\n" in text and "HYPERLINK" not in text
    assert done.stdout.splitlines() == [
        "lesson-1.1.1: 2 pages; students read `checks` (the lesson has no due date)",
        "2 pages, each with a text, in out",
    ]


def test_a_module_writes_all_its_lessons_and_one_without_attempts_is_named(here: Path) -> None:
    assert feedback(lesson="lesson-1.1").exit_code == 0
    text = (here / "course.toml").read_text()
    entry = '[[module.lesson]]\nid = "lesson-1.1.2"\nslug = "more"\ntitle = "More"\n\n'
    folder = here / "exercises" / "lesson_1_1_2_more"
    shutil.copytree(here / "exercises" / "lesson_1_1_1_basics", folder)
    spec = folder / "lesson.toml"
    text = text.replace('lessons = ["lesson-1.1.1"]', 'lessons = ["lesson-1.1.1", "lesson-1.1.2"]')
    (here / "course.toml").write_text(text.replace("[[concept]]", entry + "[[concept]]", 1))
    spec.write_text(spec.read_text().replace('title = "Basics"', 'title = "More"'))
    done = feedback(lesson="lesson-1.1")
    assert done.exit_code == 1
    assert "  left out: lesson-1.1.2: has no attempts; run `course grade` first\n" in done.stdout
    assert "2 pages, each with a text, in out" in done.stdout


def test_the_policy_decides_what_the_files_have(here: Path) -> None:
    policy(here, f'[policy.due]\n"{LESSON}" = 2020-01-01T00:00:00Z\n[policy.feedback]\nafter = "counts"\n')
    done = feedback()
    assert "students read `counts` (the lesson was due 2020-01-01 00:00 +0000)" in done.stdout
    text = (here / "out" / LESSON / "bo.txt").read_text()
    assert "One scale: not passed, 32 of 40 points, 0 of 1 checks passed\n" in text and "claim" not in text


def test_points_are_those_after_lateness(here: Path) -> None:
    policy(here, f'[policy.due]\n"{LESSON}" = 2026-10-31T12:00:00Z\n[policy.late]\npenalty = 0.5\n')
    feedback()
    assert "50 of 100 points (100 before lateness; 1 day late).\n" in (here / "out" / LESSON / "ana.txt").read_text()
    assert "50 points (100 before lateness; 1 day late)." in (here / "out" / LESSON / "ana.html").read_text()


def notes(done: Result) -> list[str]:
    """Lines on standard error. These attempts are stored without a run of `course grade`, which another line says."""
    return [line for line in done.stderr.splitlines() if "no run of this version" not in line]


def decide(*words: str) -> None:
    done = CliRunner().invoke(course, [*words, "--reason", "ill"] if words[0] != "decisions" else [*words])
    assert done.exit_code == 0, done.output


def read(here: Path, student: str) -> tuple[str, str]:
    page, text = ((here / "out" / LESSON / f"{student}{ending}").read_text() for ending in (".html", ".txt"))
    return page, text


def test_an_extension_of_one_student_keeps_all_at_what_they_read_before_the_due_date(here: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    policy(here, f'[policy.due]\n"{LESSON}" = {yesterday:%Y-%m-%dT%H:%M:%SZ}\n[policy.feedback]\nbefore = "total"\n')
    assert "students read `checks` (the lesson was due" in feedback().stdout
    decide("extend", "bo", LESSON, "--days", "3")
    later = f"{yesterday + timedelta(days=3):%Y-%m-%d %H:%M} +0000 with the longest extension"
    assert f"students read `total` (the lesson is due {later})" in feedback().stdout
    for student in ("ana", "bo"):
        page, text = read(here, student)
        assert "of 100 points" in page and "One scale" not in page + text
    decide("decisions", "--undo", "1", "--reason", "mistake")
    assert "students read `checks`" in feedback().stdout and "One scale" in read(here, "ana")[1]


def test_points_of_an_instructor_are_named_on_page_and_text(here: Path) -> None:
    decide("adjust", "bo", LESSON, "--by", "2")
    decide("adjust", "ana", f"{LESSON}/fit_line", "--points", "5")
    assert feedback().exit_code == 0
    page, text = read(here, "bo")
    assert "54 of 100 points (with +2 by your instructor).\n" in text
    assert "54 points (with +2 by your instructor)." in page
    page, text = read(here, "ana")
    assert "85 of 100 points.\n" in text
    assert "5 of 20 points\nYour instructor set your points of `fit_line` to 5.\n" in text
    assert "<p>Your instructor set your points of <code>fit_line</code> to 5.</p>" in page
    assert not re.search(r"\bill\b", page + text)
    policy(here, '[policy.feedback]\nbefore = "counts"\n')
    feedback()
    assert read(here, "ana")[0].count("Your instructor set your points of <code>fit_line</code> to 5.") == 1


def test_a_student_with_points_by_a_decision_alone_reads_that_nothing_was_handed_in(here: Path) -> None:
    decide("adjust", "cy", LESSON, "--points", "5", "--roster", "roster.csv")
    done = feedback("--roster", "roster.csv")
    assert (done.exit_code, notes(done)) == (0, [])
    page, text = read(here, "cy")
    assert text == "lesson-1.1.1 Basics\nMini · cy\n\n5 of 100 points (with +5 by your instructor).\n"
    assert "5 of 100 points" in page and "graded" not in page
    policy(here, '[policy.feedback]\nbefore = "exercises"\n')
    feedback()
    assert "You handed in nothing." in read(here, "cy")[1]


def test_an_excused_students_page_says_so_and_the_student_is_named(here: Path) -> None:
    decide("excuse", "bo", LESSON)
    decide("excuse", "cy", LESSON, "--roster", "roster.csv")
    done = feedback("--roster", "roster.csv")
    assert (done.exit_code, notes(done)) == (0, ["note: lesson-1.1.1: excused: bo, cy; their pages say so"])
    for student in ("bo", "cy"):
        page, text = read(here, student)
        assert "You are excused from this lesson" in page and "points for it" in text
        assert "of 100" not in page + text and "One scale" not in page + text
    assert "Cy Poe · cy" in read(here, "cy")[0]


def test_an_excused_student_who_handed_in_nothing_is_no_fault_of_the_archive(here: Path) -> None:
    decide("excuse", "cy", LESSON, "--roster", "roster.csv")
    with zipfile.ZipFile("download.zip", "w") as download:
        for name, number in (("Ana Doe", 4711), ("Bo Roe", 4712)):
            download.writestr(f"{name}_{number}_assignsubmission_file_/basics.py", "a = 1\n")
    done = feedback("--zip", "moodle", "--submissions", "download.zip", "--roster", "roster.csv")
    assert done.exit_code == 0, done.output
    assert "note: cy handed in nothing in this download, so the page is not in the archive\n" in done.stderr


def test_a_damaged_decision_writes_nothing(here: Path) -> None:
    decide("excuse", "bo", LESSON)
    (here / "attempts" / ".decisions" / "000001.json").write_text("{")
    done = feedback()
    assert done.exit_code == 2 and "000001.json is damaged; restore it" in done.stderr
    assert not (here / "out").exists()


def test_names_come_from_the_roster_and_a_student_who_handed_in_nothing_is_noted(here: Path) -> None:
    done = feedback("--roster", "roster.csv")
    assert done.exit_code == 0
    assert notes(done) == ["note: cy handed in nothing at lesson-1.1.1, so there is no page"]
    assert "Ana Doe · ana · " in (here / "out" / LESSON / "ana.html").read_text()


def test_a_damaged_attempt_is_left_out_and_named(here: Path) -> None:
    [file] = (here / "attempts" / LESSON / "bo").iterdir()
    file.write_text("{")
    done = feedback()
    assert done.exit_code == 1
    assert "  left out: " in done.stdout and "cannot be read as an attempt" in done.stdout
    assert not (here / "out" / LESSON / "bo.html").exists() and (here / "out" / LESSON / "ana.html").exists()


def test_files_of_an_earlier_run_are_noted(here: Path) -> None:
    feedback()
    shutil.rmtree(here / "attempts" / LESSON / "bo")
    done = feedback()
    assert "note: 2 files are in out/lesson-1.1.1 from an earlier run (bo.html); delete what is old\n" in done.stderr


@pytest.mark.parametrize(
    ("words", "lesson", "said"),
    [
        (("--zip", "moodle"), LESSON, "--zip and --submissions belong together"),
        (("--submissions", "x"), LESSON, "--zip and --submissions belong together"),
        (("--zip", "canvas", "--submissions", "nowhere"), LESSON, "neither a folder nor an archive"),
        (("--zip", "canvas", "--submissions", "attempts"), LESSON, "holds no submissions of canvas"),
        ((), f"{LESSON}/standardize", "is an exercise; name its lesson"),
        ((), "lesson-9", "lesson-9"),
        (("--attempts", "nowhere"), LESSON, "nowhere has no attempts at lesson-1.1.1; run `course grade`"),
    ],
)
def test_a_wrong_request_is_exit_code_2_with_what_to_do(
    here: Path, words: tuple[str, ...], lesson: str, said: str
) -> None:
    done = feedback(*words, lesson=lesson)
    assert done.exit_code == 2 and said in done.stderr


def test_the_submitted_folder_must_hold_submissions(here: Path) -> None:
    done = feedback("--submitted", "nowhere")
    assert done.exit_code == 2 and "nowhere is no folder" in done.stderr


def test_the_archive_for_moodle_has_the_folders_of_the_download_and_names_who_was_left_out(here: Path) -> None:
    with zipfile.ZipFile("download.zip", "w") as download:
        download.writestr("Ana Doe_4711_assignsubmission_file_/basics.py", "a = 1\n")
        download.writestr("Cy Poe_4713_assignsubmission_file/basics.py", "a = 1\n")
        download.writestr("Zoe Zed_4799_assignsubmission_file_/basics.py", "a = 1\n")
    done = feedback("--zip", "moodle", "--submissions", "download.zip", "--roster", "roster.csv")
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if "left out" in line] == [
        "  left out: Cy Poe (4713): is cy, who has no page; run `course grade` first",
        "  left out: Zoe Zed (4799): is in the download and has no page: it is not in the roster; add it there",
        "  left out: bo: has a page and is not in the download; download it again",
    ]
    assert done.stdout.endswith("1 student in out/lesson-1.1.1-moodle.zip\n")
    with zipfile.ZipFile("out/lesson-1.1.1-moodle.zip") as archive:
        assert archive.namelist() == [f"Ana Doe_4711_assignsubmission_file_/feedback{e}" for e in (".html", ".txt")]
        assert archive.read(archive.namelist()[0]) == (here / "out" / LESSON / "ana.html").read_bytes()


def test_it_does_not_import_torch(here: Path) -> None:
    code = (
        "import sys; from blindgrade.cli.course.group import course\n"
        f"try: course(['feedback', '{LESSON}', '--to', 'out'])\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=here)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "False"), done.stderr
