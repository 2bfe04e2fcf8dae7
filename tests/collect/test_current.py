"""The current files of a student: each lesson's file under its own name, whatever the student and the browser did."""

from __future__ import annotations

import io
import zipfile

import pytest

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"
ANSWER = "def standardize(values):\n    return values\n"
OWN = "its own name is basics.py or basics.ipynb"


def packed(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name", ["Copy of basics.py", "basics (2).py", "basics.PY", "Basics.py", "basics.py.txt", "basics-1.py"]
)
def test_a_copys_name_becomes_the_lessons_own_and_is_reported(desk: Desk, name: str) -> None:
    desk.write(desk.source / "ana" / name, ANSWER)
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": ANSWER}
    assert ("ana", f"{name} was read as the lesson's file; {OWN}") in report.notes
    assert list(desk.record("ana")["lessons"]) == [LESSON]
    assert desk.versions("ana") == [{name: ANSWER.encode()}]


@pytest.mark.parametrize("name", ["Untitled.py", "basics_ana.py"])
def test_a_file_without_the_lessons_name_is_taken_by_its_definitions(desk: Desk, name: str) -> None:
    desk.write(desk.source / "ana" / name, ANSWER)
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": ANSWER}
    assert any("basics.py or basics.ipynb" in note for _, note in report.notes)


def test_definitions_never_replace_a_lesson_that_came_under_its_name(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py", ANSWER)
    desk.write(desk.source / "ana" / "old_tries.py", "def correlation(a, b): return 0\n")
    desk.collect()
    assert desk.current("ana")["basics.py"] == ANSWER
    assert "old_tries.py" in desk.current("ana")


def test_a_zip_in_a_zip_with_windows_names_is_opened(desk: Desk) -> None:
    inner = packed({"hw\\basics.py": ANSWER, "hw\\helper.py": "h = 1\n"})
    desk.zipped(desk.source / "ana" / "out.zip", {"w/inner.zip": inner, "w/README.txt": "x"})
    desk.collect()
    assert desk.current("ana") == {"README.txt": "x", "basics.py": ANSWER, "helper.py": "h = 1\n"}


def test_a_file_in_a_folder_of_another_name_takes_its_helpers_along(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "README.txt", "x")
    desk.write(desk.source / "ana" / "my" / "code" / "basics.py", ANSWER)
    desk.write(desk.source / "ana" / "my" / "code" / "helper.py", "h = 1\n")
    desk.collect()
    assert desk.current("ana") == {
        "README.txt": "x",
        f"{LESSON}/basics.py": ANSWER,
        f"{LESSON}/helper.py": "h = 1\n",
    }


def test_two_answers_are_reported_and_an_earlier_one_does_not_stand_in_for_them(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py", "early = 1\n")
    desk.collect()
    (desk.source / "ana" / "basics.py").rename(desk.source / "ana" / "README.txt")
    for folder in ("a", "b"):
        desk.write(desk.source / "ana" / folder / "basics.py", f"{ANSWER}{folder} = 1\n")
    report = desk.collect()
    assert any("a/basics.py and b/basics.py could each be the answer" in note for _, note in report.notes)
    assert "basics.py" not in desk.current("ana")


def test_an_archive_of_another_program_is_reported(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "work.rar", "Rar!")
    report = desk.collect()
    assert any("only .zip and .tar archives are opened" in note for _, note in report.notes)
