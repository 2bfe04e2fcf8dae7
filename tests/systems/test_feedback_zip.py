"""The names in the archives, read by the rules of Canvas and Moodle, which are written down here once more."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.gradebook.feedback import LessonPages
from blindgrade.models import Level
from blindgrade.roster.matching import Roster
from blindgrade.systems.feedback_zip import ZipKind, Zipped, zip_feedback

MINI = Path(__file__).parents[1] / "courses" / "mini"
LESSON = "lesson-1.1.1"


def canvas_finds(path: str) -> tuple[str, str] | None:
    """User (or anonymous id) and attachment that Canvas reads in a file's name; None if it ignores the file.

    Canvas splits the name at underscores, drops LATE, and takes the first two parts that are numbers. A name that
    begins with "anon" has the anonymous id instead of the user's.
    """
    name = path.rpartition("/")[2]
    parts = [part for part in name.split("_") if part != "LATE"]
    if parts[0] == "anon":
        found = parts[1:3]
    else:
        found = [part for part in parts if re.fullmatch(r"\d+", part)][:2]
    if len(found) < 2 or parts[-1].startswith("link") or name.startswith("._"):
        return None
    return found[0], found[1]


def moodle_finds(path: str) -> tuple[int, str] | None:
    """Participant and name of the feedback file that Moodle reads in a path; None if it ignores the file.

    The first part of the path in which fullname_number_plugintype_pluginname is found names the participant. What
    follows is the name.
    """
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            rest = info[4] if len(info) > 4 else ""
            return int(info[1]), "/".join([rest, *parts]).lstrip("/")
    return None


def zipped(tmp_path: Path, kind: ZipKind, download: dict[str, str], *students: str) -> tuple[Zipped, list[str]]:
    pages = LessonPages(LESSON, Level.CHECKS, tmp_path / "out" / LESSON, students=list(students))
    pages.folder.mkdir(parents=True)
    for student in students:
        pages.file(student, ".html").write_text(f"<p>{student}")
        pages.file(student, ".txt").write_text(f"text of {student}")
    for name, text in download.items():
        (tmp_path / "download" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "download" / name).write_text(text)
    made = zip_feedback(Catalog(MINI), kind, tmp_path / "download", pages, Roster())
    with zipfile.ZipFile(made.path) as archive:
        return made, archive.namelist()


@pytest.mark.parametrize(
    ("file", "student", "attachment"),
    [
        ("doeana_1187_54321_basics.py", "1187", "54321"),
        ("doeana_LATE_1187_54321_basics.py", "1187", "54321"),
        ("doeana_1187_54321_basics-2.py", "1187", "54321"),
        ("doeana_1187_54321_my_3_basics.ipynb", "1187", "54321"),
        ("anon_x7Yq2_54321_basics.py", "x7Yq2", "54321"),
        ("anon_LATE_x7Yq2_54321_basics.py", "x7Yq2", "54321"),
    ],
)
def test_canvas_finds_the_student_and_a_file_of_the_submission(
    tmp_path: Path, file: str, student: str, attachment: str
) -> None:
    made, [name] = zipped(tmp_path, "canvas", {file: "a = 1"}, student)
    assert canvas_finds(name) == (student, attachment) and made.left_out == []
    with zipfile.ZipFile(made.path) as archive:
        assert archive.read(name) == f"text of {student}".encode()  # Canvas shows it under the name of the .py file


def test_a_student_with_several_files_in_canvas_gets_one_text(tmp_path: Path) -> None:
    files = {"doeana_1187_54321_basics.py": "", "doeana_1187_54322_helper.py": "", "roebo_1188_9_basics.py": ""}
    made, names = zipped(tmp_path, "canvas", files, "1187", "1188")
    assert [canvas_finds(name) for name in names] == [("1187", "54321"), ("1188", "9")] and made.students == 2


@pytest.mark.parametrize(
    "file",
    [
        "Ana Doe_4711_assignsubmission_file_/basics.py",
        "Ana Doe_4711_assignsubmission_file/basics.py",
        "Ana Doe_4711_assignsubmission_file_basics.py",
        "Participant_4711_assignsubmission_file_/basics.py",
        "Ána Dœ_4711_assignsubmission_file_/basics.py",
    ],
    ids=["before Moodle 4.1", "since Moodle 4.1", "without folders", "anonymous", "other letters"],
)
def test_moodle_finds_the_student_and_keeps_both_files(tmp_path: Path, file: str) -> None:
    made, names = zipped(tmp_path, "moodle", {file: "a = 1"}, "4711")
    assert [moodle_finds(name) for name in names] == [(4711, "feedback.html"), (4711, "feedback.txt")]
    assert (made.students, made.left_out) == (1, [])


def test_the_same_feedback_makes_the_same_archive(tmp_path: Path) -> None:
    first, _ = zipped(tmp_path / "a", "canvas", {"doeana_1187_54321_basics.py": ""}, "1187")
    second, _ = zipped(tmp_path / "b", "canvas", {"doeana_1187_54321_basics.py": ""}, "1187")
    assert first.path.read_bytes() == second.path.read_bytes()
