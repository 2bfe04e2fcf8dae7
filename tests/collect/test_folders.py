from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blindgrade.collect.source_item import SourceError

if TYPE_CHECKING:
    from conftest import Desk

LESSON = "lesson_1_1_1_basics"


def handed_in(desk: Desk, student: str, time: str, text: str, assignment: str = "lesson-1.1.1") -> Path:
    folder = desk.source / "mini" / "inbound" / f"{student}+{assignment}+{time} UTC+Zm9v"
    desk.write(folder / "basics.ipynb", text)
    desk.write(folder / "timestamp.txt", f"{time} UTC")
    desk.write(folder / "submission_secret.txt", "s")
    return folder


@pytest.mark.parametrize("below", ["", "mini", "mini/inbound"])
def test_nbgrader_exchange_from_each_of_its_folders(desk: Desk, below: str) -> None:
    handed_in(desk, "ana", "2026-11-02 10:00:00.000000", "first")
    handed_in(desk, "ana", "2026-11-03 10:00:00.000000", "second")
    handed_in(desk, "bo", "2026-11-02 11:00:00.000000", "bo's")
    (desk.source / "mini" / "outbound" / "lesson-1.1.1").mkdir(parents=True)
    report = desk.collect(desk.source / below)
    assert (report.kind, report.complete) == ("nbgrader", True)
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "second"}
    assert desk.versions("ana") == [{"basics.ipynb": b"first"}, {"basics.ipynb": b"second"}]
    assert desk.record("ana")["submitted_at"] == "2026-11-03T10:00:00Z"
    assert desk.record("ana")["lessons"][LESSON]["submitted_at"] == "2026-11-03T10:00:00Z"


def test_an_older_submission_that_is_collected_later_is_kept_and_not_current(desk: Desk) -> None:
    handed_in(desk, "ana", "2026-11-03 10:00:00.000000", "second")
    desk.collect()
    handed_in(desk, "ana", "2026-11-02 10:00:00.000000", "first")
    desk.collect()
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "second"}
    assert len(desk.versions("ana")) == 2


def test_what_nbgrader_collect_has_made_is_taken_too(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "basics.ipynb", "n")
    desk.write(desk.source / "ana" / "lesson-1.1.1" / "timestamp.txt", "2026-11-02 12:00:00.000000 +0200")
    report = desk.collect()
    assert report.kind == "nbgrader"
    assert desk.record("ana")["submitted_at"] == "2026-11-02T10:00:00Z"
    assert desk.current("ana") == {f"{LESSON}/basics.ipynb": "n"}


def test_several_courses_and_an_empty_exchange_are_told(desk: Desk) -> None:
    (desk.source / "mini" / "inbound").mkdir(parents=True)
    desk.write(desk.source / "mini" / "outbound" / "lesson-1.1.1" / "timestamp.txt")
    with pytest.raises(SourceError, match="holds no submissions"):
        desk.collect()
    (desk.source / "other" / "inbound").mkdir(parents=True)
    with pytest.raises(SourceError, match="several courses; name one"):
        desk.collect()


@pytest.mark.skipif(os.getuid() != 0, reason="gives a folder to another account")
def test_a_submission_made_by_another_account_is_noted(desk: Desk) -> None:
    folder = handed_in(desk, "ana", "2026-11-02 10:00:00.000000", "x")
    os.chown(folder, 1, 1)
    assert ("ana", "the account daemon made this submission") in desk.collect().notes


def repository(desk: Desk, path: Path, text: str, when: str) -> None:
    desk.write(path / "exercises" / LESSON / "basics.py", text)
    env = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "work"]):
        subprocess.run(["git", "-C", str(path), *command], env=env, check=True)


def test_git_checkouts_have_the_time_of_their_commit(desk: Desk) -> None:
    repository(desk, desk.source / "ana", "a = 1\n", "2026-11-02T10:00:00+01:00")
    repository(desk, desk.source / "bo", "b = 1\n", "2026-11-02T11:00:00+01:00")
    subprocess.run(["git", "-C", str(desk.source / "bo"), "pack-refs", "--all"], check=True)
    subprocess.run(["git", "-C", str(desk.source / "bo"), "gc", "-q"], check=True)
    report = desk.collect()
    assert report.kind == "git"
    assert desk.record("ana")["submitted_at"] == "2026-11-02T09:00:00Z"
    assert desk.record("bo")["submitted_at"] == "2026-11-02T10:00:00Z"
    assert desk.record("ana")["versions"][0]["clock"] == "commit"
    assert desk.current("ana") == {f"{LESSON}/basics.py": "a = 1\n"}
    assert not any(name.startswith(".git/") for name in desk.versions("ana")[0])


def test_the_settings_of_a_students_repository_run_nothing(desk: Desk, tmp_path: Path) -> None:
    repository(desk, desk.source / "ana", "a = 1\n", "2026-11-02T10:00:00+00:00")
    trap = desk.write(tmp_path / "trap.sh", f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    with open(desk.source / "ana" / ".git" / "config", "a") as config:
        config.write(f"[core]\nfsmonitor = {trap}\nsshCommand = {trap}\npager = {trap}\n[gpg]\nprogram = {trap}\n"
                     "[log]\nshowSignature = true\n")  # fmt: skip
    assert desk.collect().complete
    assert not (tmp_path / "sprung").exists()
    # The trap is one that a plain `git status` springs.
    subprocess.run(["git", "-C", str(desk.source / "ana"), "status"], capture_output=True)
    assert (tmp_path / "sprung").exists()


def test_a_head_that_leads_out_of_the_repository_is_not_followed(desk: Desk) -> None:
    repository(desk, desk.source / "ana", "a = 1\n", "2026-11-02T10:00:00+00:00")
    (desk.source / "ana" / ".git" / "HEAD").write_text("ref: refs/../../../secret\n")
    assert ("ana", "its commit cannot be read") in desk.collect().notes
    assert desk.record("ana")["submitted_at"] is None


def test_plain_folders_and_archives_are_named_by_the_student(desk: Desk) -> None:
    desk.write(desk.source / "ana" / "basics.py", "a = 1\n")
    desk.zipped(desk.source / "bo.zip", {"work/basics.py": "b = 1\n"})
    desk.write(desk.source / "readme.txt")
    report = desk.collect()
    assert desk.current("ana") == {"basics.py": "a = 1\n"}
    assert desk.current("bo") == {"basics.py": "b = 1\n"}
    assert report.refused == [("readme.txt", "it is neither a student's folder nor an archive")]


def test_one_student_alone_is_not_taken_for_a_folder_around_all(desk: Desk) -> None:
    desk.write(desk.source / "ana" / LESSON / "basics.py")
    assert list(desk.collect().new) == ["ana"]


def test_a_students_own_folder_is_no_source(desk: Desk) -> None:
    desk.write(desk.source / "ana" / LESSON / "basics.py")
    report = desk.collect(desk.source / "ana")
    assert report.new == {} and "name the folder that holds the students' folders" in report.refused[0][1]


def test_folders_are_found_in_the_roster_by_name(desk: Desk) -> None:
    desk.write(desk.source / "Ana Doe" / "basics.py")
    assert list(desk.collect(roster=desk.roster(("ana", "Doe, Ana"))).new) == ["ana"]
