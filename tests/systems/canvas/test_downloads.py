"""Files in the shape of Canvas's own download."""

from __future__ import annotations

from ...desk import Desk


def test_canvas_gives_back_the_names_that_students_gave(desk: Desk) -> None:
    path = desk.zipped(
        desk.source / "submissions.zip",
        {
            "doeana_1187_54321_basics-2.py": "second = 2\n",
            "doeana_1187_54321_basics-1.py": "first = 1\n",
            "doeana_1187_54321_my_notes.txt": "n",
            "roebo_LATE_1188_54322_basics.ipynb": "{}",
        },
    )
    report = desk.collect(path)
    assert (report.kind, report.complete) == ("canvas", True)
    assert desk.current("1187") == {"basics.py": "second = 2\n", "my_notes.txt": "n"}
    assert set(desk.versions("1187")[0]) == {"basics-1.py", "basics-2.py", "my_notes.txt"}
    assert desk.record("1188")["late"] is True and desk.record("1187")["late"] is False


def test_canvas_anonymous_submissions_are_kept_apart(desk: Desk) -> None:
    desk.write(desk.source / "anon_x7Yq2_54321_basics.py")
    desk.write(desk.source / "anon_LATE_b3Kp9_54322_basics.py")
    assert sorted(desk.collect(kind="canvas").new) == ["b3Kp9", "x7Yq2"]


def test_a_download_without_a_marker_says_that_canvas_may_have_no_due_date(desk: Desk) -> None:
    path = desk.write(desk.source / "doeana_1187_54321_basics.py")
    [remark] = desk.collect(kind="canvas").remarks
    assert remark.startswith("no file is marked LATE: nobody was late in Canvas, or the assignment has no due date")
    path.rename(desk.source / "doeana_LATE_1187_54321_basics.py")
    assert desk.collect(kind="canvas").remarks == []


def test_a_link_and_a_folder_with_a_name_of_canvas_are_listed(desk: Desk) -> None:
    desk.write(desk.source / "doeana_1187_54321_basics.py")
    (desk.source / "roebo_1188_54322_basics.py").symlink_to("/etc/passwd")
    (desk.source / "poecy_1189_54323_basics.py").mkdir()
    report = desk.collect(kind="canvas")
    assert sorted(report.refused) == [
        ("poecy_1189_54323_basics.py", "it is no file"), ("roebo_1188_54322_basics.py", "it is no file"),
    ]  # fmt: skip
