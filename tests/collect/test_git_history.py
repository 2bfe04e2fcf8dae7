"""Commits before a time, in checkouts and bare clones, with clocks that students set."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.collect.git_history import commit_of, history
from blindgrade.collect.source_item import SourceError
from blindgrade.models import Policy

from ..desk import Desk

LESSON = "lesson_1_1_1_basics"
DUE = datetime.fromisoformat("2026-11-02T12:00:00+01:00")


def git(path: Path, *command: str, when: str = "2026-11-02T00:00:00+00:00") -> None:
    env = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", "-C", str(path), *who, *command], env=env, check=True, capture_output=True)


def commit(path: Path, text: str, when: str, name: str = f"exercises/{LESSON}/basics.py") -> None:
    Desk.write(path / name, text)
    if not (path / ".git").exists():
        git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "work", "--allow-empty", when=when)


@pytest.fixture
def ana(desk: Desk) -> Path:
    """A repository with a commit before noon and one after it."""
    path = desk.source / "ana"
    commit(path, "early = 1\n", "2026-11-02T10:00:00+01:00")
    commit(path, "late = 1\n", "2026-11-02T13:00:00+01:00")
    return path


def with_due(monkeypatch: pytest.MonkeyPatch, due: dict[str, Any]) -> None:
    real = Catalog.course.func  # type: ignore[attr-defined]
    policy = Policy(due=due)
    monkeypatch.setattr(Catalog, "course", property(lambda self: real(self).model_copy(update={"policy": policy})))


def test_without_an_option_the_newest_files_are_taken_with_their_time(desk: Desk, ana: Path) -> None:
    assert desk.collect().complete
    assert desk.current("ana") == {f"{LESSON}/basics.py": "late = 1\n"}
    assert desk.record("ana")["submitted_at"] == "2026-11-02T12:00:00Z"


def test_the_last_commit_before_a_time_is_taken_and_later_ones_are_noted(desk: Desk, ana: Path) -> None:
    report = desk.collect(before=DUE)
    assert report.complete and desk.current("ana") == {f"{LESSON}/basics.py": "early = 1\n"}
    assert (desk.record("ana")["submitted_at"], desk.record("ana")["versions"][0]["clock"]) == (
        "2026-11-02T09:00:00Z", "commit",
    )  # fmt: skip
    assert ("ana", "1 commit after that time did not count") in report.notes
    exact = datetime.fromisoformat("2026-11-02T12:00:00+00:00")
    assert desk.collect(before=exact).new == {"ana": ["ana"]}  # a commit at that second is not late
    assert desk.current("ana") == {f"{LESSON}/basics.py": "late = 1\n"}


def test_a_repository_without_a_commit_in_time_is_listed(desk: Desk, ana: Path) -> None:
    report = desk.collect(before=datetime.fromisoformat("2026-11-01T12:00:00+01:00"))
    assert report.refused == [("ana", "it has no commit until 2026-11-01T11:00:00Z")] and report.new == {}


def test_bare_clones_are_read_without_a_work_tree(desk: Desk, ana: Path) -> None:
    git(desk.source, "clone", "-q", "--bare", "ana", "bo.git")
    git(desk.source, "clone", "-q", "--bare", "ana", "cy")
    report = desk.collect(before=DUE)
    assert report.kind == "git" and report.complete
    assert desk.current("bo") == desk.current("cy") == {f"{LESSON}/basics.py": "early = 1\n"}
    assert desk.collect().complete and desk.current("bo") == {f"{LESSON}/basics.py": "late = 1\n"}


def test_a_commit_is_not_older_than_those_that_it_builds_on(desk: Desk, ana: Path) -> None:
    """A forged clock alone does not bring a late commit before the deadline."""
    commit(ana, "forged = 1\n", "2026-11-02T09:00:00+01:00")
    desk.collect(before=DUE)
    assert desk.current("ana") == {f"{LESSON}/basics.py": "early = 1\n"}
    with history(ana / ".git") as found:
        assert [one.at.hour for one in found.commits] == [9, 12, 12]


def test_files_of_a_commit_are_byte_by_byte_and_no_setting_changes_them(desk: Desk) -> None:
    path = desk.source / "ana"
    text = "x = '$Id$ $Format:%H$'\r\n"
    desk.write(path / ".gitattributes", "* text eol=lf ident export-subst export-ignore\n")
    desk.write(path / "name with ü.py", "y = 1\n")
    (path / "link.py").symlink_to("/etc/passwd")
    git(path, "init", "-q")
    place = path / "basics.py"
    place.write_bytes(text.encode())
    content = subprocess.run(
        ["git", "-C", str(path), "hash-object", "-w", "--no-filters", "basics.py"], capture_output=True, check=True
    )
    git(path, "add", "-A")
    git(path, "update-index", "--cacheinfo", f"100644,{content.stdout.decode().strip()},basics.py")
    git(path, "commit", "-qm", "work", when="2026-11-02T10:00:00+01:00")
    report = desk.collect(before=DUE)
    version = desk.versions("ana")[0]
    assert version["basics.py"] == text.encode() and version["name with ü.py"] == b"y = 1\n"
    assert report.refused == [("ana", "'link.py' was left out: it is a symbolic link")]


def test_a_name_that_leads_out_of_the_folder_is_not_written(desk: Desk, ana: Path) -> None:
    head = subprocess.run(["git", "-C", str(ana), "rev-parse", "HEAD:exercises"], capture_output=True, check=True)
    tree = b"40000 ..\0" + bytes.fromhex(head.stdout.decode().strip())
    made = subprocess.run(
        ["git", "-C", str(ana), "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        input=tree, capture_output=True, check=True,
    )  # fmt: skip
    git(ana, "update-ref", "HEAD", _commit_of_tree(ana, made.stdout.decode().strip()))
    report = desk.collect(before=datetime.fromisoformat("2027-01-01T00:00:00+00:00"))
    assert not report.complete and not (desk.source.parent / LESSON).exists()
    assert all(
        "leads out" in reason or "no file" in reason or "cannot be read" in reason for _, reason in report.refused
    )


def _commit_of_tree(path: Path, tree: str) -> str:
    env = {**os.environ, "GIT_COMMITTER_DATE": "2026-11-03T00:00:00+00:00", "GIT_AUTHOR_DATE": "2026-11-03T00:00:00Z"}
    command = ["git", "-C", str(path), "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", tree]
    return subprocess.run(command, env=env, capture_output=True, check=True, text=True).stdout.strip()


def test_a_shallow_clone_is_read_as_far_as_it_goes(desk: Desk, ana: Path, tmp_path: Path) -> None:
    ana.rename(tmp_path / "origin")
    git(desk.source, "clone", "-q", "--depth", "1", f"file://{tmp_path}/origin", "ana")
    assert desk.collect().complete and desk.record("ana")["submitted_at"] == "2026-11-02T12:00:00Z"
    assert desk.collect(before=DUE).refused == [("ana", "it has no commit until 2026-11-02T11:00:00Z")]


def test_a_repository_that_borrows_objects_is_refused(desk: Desk, ana: Path, tmp_path: Path) -> None:
    """Its objects may be those of another student."""
    ana.rename(tmp_path / "origin")
    git(desk.source, "clone", "-q", "--shared", str(tmp_path / "origin"), "ana")
    [(label, reason)] = desk.collect(before=DUE).refused
    assert label == "ana" and "borrows objects from another repository; clone it again" in reason


def test_each_lesson_is_taken_at_its_own_deadline(desk: Desk, ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from blindgrade.collect.current import Lessons

    folders = {one: one for one in ("l_1", "l_2", "l_3")}
    three = Lessons(folders, {"one": "l_1", "two": "l_2", "three": "l_3"}, folders)
    monkeypatch.setattr(Lessons, "of", lambda catalog: three)
    with_due(monkeypatch, {"l_1": DUE, "l_2": datetime.fromisoformat("2026-11-03T12:00:00+00:00")})
    path = desk.source / "bo"
    for when, text in (("2026-11-02T10:00:00+01:00", "1"), ("2026-11-02T13:00:00+01:00", "2"),
                       ("2026-11-05T13:00:00+01:00", "3")):  # fmt: skip
        for name in ("one", "two", "three"):
            desk.write(path / f"{name}.py", text)
        commit(path, text, when, "helper.py")
    desk.collect(at_deadline=True)
    assert desk.current("bo") == {"one.py": "1", "two.py": "2", "three.py": "3", "helper.py": "3"}
    times = {lesson: one["submitted_at"] for lesson, one in desk.record("bo")["lessons"].items()}
    assert times == {"l_1": "2026-11-02T09:00:00Z", "l_2": "2026-11-02T12:00:00Z", "l_3": "2026-11-05T12:00:00Z"}
    assert desk.collect(at_deadline=True).new == {}


def test_a_lesson_whose_files_are_all_late_is_listed(desk: Desk, ana: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_due(monkeypatch, {"lesson-1.1.1": datetime.fromisoformat("2026-11-01T00:00:00+00:00")})
    path = desk.source / "bo"
    commit(path, "x", "2026-10-30T00:00:00+00:00", "README.md")
    commit(path, "late = 1\n", "2026-11-02T00:00:00+00:00")
    report = desk.collect(at_deadline=True)
    assert report.refused == [
        ("ana", "it has no commit before lesson-1.1.1 was due (2026-11-01T00:00:00Z)"),
        ("bo", "its files of lesson-1.1.1 are all from after the due date (2026-11-01T00:00:00Z)"),
    ]
    assert report.new == {}


def test_a_course_without_due_dates_and_another_kind_of_source_refuse_the_options(desk: Desk, ana: Path) -> None:
    with pytest.raises(
        SourceError, match=r"no due dates \(\[policy.due\]\); write them, or give the time with --before"
    ):
        desk.collect(at_deadline=True)
    with pytest.raises(SourceError, match="of kind folders; --before is for sources of kind git only"):
        desk.collect(before=DUE, kind="folders")


def test_the_commit_of_head_is_known_by_time_and_name(desk: Desk, ana: Path) -> None:
    at, name = commit_of(ana / ".git")
    assert at == "2026-11-02T12:00:00Z" and len(name) == 40
    (ana / ".git" / "HEAD").write_text("ref: refs/heads/none\n")
    assert commit_of(ana / ".git") == (None, "")
