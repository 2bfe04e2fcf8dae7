from __future__ import annotations

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"


def test_plain_folders_and_archives_are_named_by_the_student(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py", "a = 1\n")
    desk.zipped(desk.source / "bo.zip", {"work/basics.py": "b = 1\n"})
    desk.write(desk.source / "readme.txt")
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": "a = 1\n"}
    assert desk.current("bo") == {"basics.py": "b = 1\n"}
    assert report.refused == [("readme.txt", "it is neither a student's folder nor an archive")]


def test_a_single_student_is_not_read_as_a_wrapping_folder(desk: Desk) -> None:
    desk.write(desk.source / "ana" / LESSON / "basics.py")
    assert list(desk.collect().new) == ["ana"]


def test_a_students_own_folder_is_no_source(desk: Desk) -> None:
    desk.write(desk.source / "ana" / LESSON / "basics.py")
    report = desk.collect(desk.source / "ana")
    assert report.new == {} and "name the folder that holds the students' folders" in report.refused[0][1]


def test_folders_are_found_in_the_roster_by_name(desk: Desk) -> None:
    desk.write(desk.source / "Ana Doe" / "basics.py")
    assert list(desk.collect(roster=desk.roster(("ana", "Doe, Ana"))).new) == ["ana"]
