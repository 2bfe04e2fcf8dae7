"""Submissions in a folder by student, and entries that are no submission."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from blindgrade.submitted import NoSubmissions, SubmittedWork, read_submitted


def test_a_folder_a_file_or_an_archive_is_a_student(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    for name in ("ben.py", "cleo.ipynb", "dan.zip", "eva.tar.gz", "fay.PY", "gus.py.txt", "van.der.berg.tgz"):
        (tmp_path / name).write_text("")
    found, skipped = read_submitted(tmp_path)
    assert [one.student for one in found] == ["ada", "ben", "cleo", "dan", "eva", "fay", "gus", "van.der.berg"]
    assert skipped == []


def test_an_entry_that_is_no_submission_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada.zip").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "zoe.rar").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "ada")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bad\nname").mkdir()
    (tmp_path / ".hidden").mkdir()
    found, skipped = read_submitted(tmp_path)
    assert [one.path.name for one in found] == ["ada"]
    assert {one.student: one.reason.split(";")[0] for one in skipped} == {
        "ada": "ada and ada.zip both exist, and only the first was graded",
        "notes.txt": "is no folder, Python file, notebook or archive of a student",
        "zoe.rar": "cannot be opened: only .zip and .tar archives are opened",
        "link": "link is a symbolic link",
        "pipe": "is no folder, Python file, notebook or archive of a student",
        "bad\nname": "is no folder, Python file, notebook or archive of a student",
    }


def test_the_time_is_read_beside_the_submissions_and_never_in_a_students_folder(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ben").mkdir()
    early = json.dumps({"submitted_at": "2020-01-01T00:00:00Z"})
    (tmp_path / "ben" / ".collected.json").write_text(early)
    times = {"students": {"ada": {"submitted_at": "2026-11-01T10:00:00Z"}}}
    (tmp_path / ".collected.json").write_text(json.dumps(times))
    found, _ = read_submitted(tmp_path)
    assert found == [
        SubmittedWork("ada", tmp_path / "ada", "2026-11-01T10:00:00Z"),
        SubmittedWork("ben", tmp_path / "ben", None),
    ]


def test_a_lesson_that_came_at_another_time_has_its_own(tmp_path: Path) -> None:
    """Index as `course collect` writes it: the newest time, and each lesson's time."""
    (tmp_path / "ada").mkdir()
    lessons = {"lesson-1": {"submitted_at": "2026-11-01T10:00:00Z", "late": None}, "lesson-2": {"submitted_at": None}}
    entry = {"submitted_at": "2026-11-09T10:00:00Z", "late": None, "digest": "0", "lessons": lessons}
    (tmp_path / ".collected.json").write_text(json.dumps({"schema": "s", "students": {"ada": entry}}))
    (ada,), _ = read_submitted(tmp_path)
    assert [ada.at(f"lesson-{n}") for n in (1, 2, 3)] == ["2026-11-01T10:00:00Z", None, "2026-11-09T10:00:00Z"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"students": 3}', '{"students": {"ada": {"submitted_at": 3}}}'])
def test_a_list_of_times_that_is_none_is_no_list(tmp_path: Path, content: str) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / ".collected.json").write_text(content)
    assert read_submitted(tmp_path)[0] == [SubmittedWork("ada", tmp_path / "ada", None)]


def test_no_folder_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSubmissions, match="is no folder"):
        read_submitted(tmp_path / "nowhere")
    with pytest.raises(NoSubmissions, match="is empty"):
        read_submitted(tmp_path)
