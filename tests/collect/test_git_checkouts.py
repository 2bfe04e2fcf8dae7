from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"


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
    report = desk.collect()
    assert report.unclear == [("ana", "its commit cannot be read; clone it again")] and not report.complete
    assert desk.record("ana")["submitted_at"] is None
