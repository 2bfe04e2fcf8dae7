from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.release.merge_into import MANIFEST, PlacingError, Summary, place, read_manifest

FIRST = {"a.py": b"one\ntwo\n", "sub/b.txt": b"text\n", "run.sh": b"#!/bin/sh\n"}


def lay(files: dict[str, bytes], to: Path) -> Summary:
    summary = Summary("repository", to, ["lesson-1.1.1"], scanned=True)
    place(files, to, summary)
    return summary


def test_a_first_release_writes_everything_and_remembers_it(tmp_path: Path) -> None:
    assert lay(FIRST, tmp_path / "to").added == ["a.py", "run.sh", "sub/b.txt"]
    assert (tmp_path / "to" / "sub" / "b.txt").read_bytes() == b"text\n"
    assert (tmp_path / "to" / "run.sh").stat().st_mode & 0o111
    manifest = read_manifest(tmp_path / "to")
    assert manifest and sorted(manifest.files) == sorted(FIRST) and manifest.lessons == ["lesson-1.1.1"]


def test_releasing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    before = {
        p: (p.read_bytes(), p.stat().st_ino) for p in tmp_path.rglob("*.*") if p.is_file() and p.name != "released.json"
    }
    summary = lay(FIRST, tmp_path)
    assert (summary.unchanged, summary.added, summary.updated) == (["a.py", "run.sh", "sub/b.txt"], [], [])
    assert all(p.read_bytes() == content for p, (content, _) in before.items())


def test_an_untouched_file_is_updated_and_a_new_one_added(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    summary = lay({**FIRST, "a.py": b"one\nTWO\n", "c.py": b"new\n"}, tmp_path)
    assert (summary.updated, summary.added) == (["a.py"], ["c.py"])
    assert (tmp_path / "a.py").read_bytes() == b"one\nTWO\n"


def test_an_edited_file_stays_without_a_message_if_the_release_does_not_change_it(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    (tmp_path / "a.py").write_bytes(b"one\nmy answer\n")
    summary = lay(FIRST, tmp_path)
    assert (summary.kept, summary.differing) == (["a.py"], {})
    assert (tmp_path / "a.py").read_bytes() == b"one\nmy answer\n"


def test_an_edited_file_stays_and_the_change_of_the_release_is_shown(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    (tmp_path / "a.py").write_bytes(b"one\nmy answer\n")
    for _ in range(2):  # it is said again until the change was taken over
        summary = lay({**FIRST, "a.py": b"one\nTWO\n"}, tmp_path)
        assert (tmp_path / "a.py").read_bytes() == b"one\nmy answer\n"
        difference = summary.differing["a.py"].splitlines()
        assert "-two" in difference and "+TWO" in difference and not any("my answer" in line for line in difference)
    (tmp_path / "a.py").write_bytes(b"one\nTWO\n")
    assert lay({**FIRST, "a.py": b"one\nTWO\n"}, tmp_path).differing == {}
    assert lay({**FIRST, "a.py": b"three\n"}, tmp_path).updated == ["a.py"]


def test_a_students_own_file_with_a_released_name_stays(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"mine\n")
    (tmp_path / "notes.txt").write_bytes(b"mine, too\n")
    summary = lay(FIRST, tmp_path)
    assert list(summary.differing) == ["a.py"]
    assert (tmp_path / "a.py").read_bytes() == b"mine\n"
    assert (tmp_path / "notes.txt").read_bytes() == b"mine, too\n"


def test_a_deleted_file_is_written_again(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    (tmp_path / "a.py").unlink()
    assert lay(FIRST, tmp_path).added == ["a.py"]


def test_a_file_that_is_no_longer_released_is_removed_unless_it_was_edited(tmp_path: Path) -> None:
    lay({**FIRST, "old.py": b"old\n", "old2.py": b"old\n"}, tmp_path)
    (tmp_path / "old2.py").write_bytes(b"edited\n")
    summary = lay(FIRST, tmp_path)
    assert (summary.removed, summary.kept) == (["old.py"], ["old2.py"])
    assert (tmp_path / "old2.py").read_bytes() == b"edited\n" and not (tmp_path / "old.py").exists()


def test_the_line_ends_of_windows_are_no_edit(tmp_path: Path) -> None:
    lay(FIRST, tmp_path)
    (tmp_path / "a.py").write_bytes(b"one\r\ntwo\r\n")
    assert lay({**FIRST, "a.py": b"one\nTWO\n"}, tmp_path).updated == ["a.py"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside, to = tmp_path / "outside", tmp_path / "to"
    outside.mkdir()
    to.mkdir()
    (outside / "b.txt").write_bytes(b"precious")
    (to / "sub").symlink_to(outside)
    (to / "a.py").symlink_to(outside / "b.txt")
    (to / "run.sh").symlink_to(outside / "nothing")
    summary = lay(FIRST, to)
    assert sorted(summary.differing) == ["a.py", "run.sh", "sub/b.txt"]
    assert [p.name for p in outside.iterdir()] == ["b.txt"] and (outside / "b.txt").read_bytes() == b"precious"


def test_a_link_in_place_of_our_own_folder_is_refused(tmp_path: Path) -> None:
    outside, to = tmp_path / "outside", tmp_path / "to"
    outside.mkdir()
    to.mkdir()
    (to / ".blindgrade").symlink_to(outside)
    with pytest.raises(PlacingError, match="link"):
        lay(FIRST, to)
    assert list(outside.iterdir()) == [] and [p.name for p in to.iterdir()] == [".blindgrade"]


@pytest.mark.parametrize("name", ["../precious", "/etc/precious", "a/../../precious", "C:\\precious", ""])
def test_a_manifest_with_a_name_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    to = tmp_path / "to"
    lay(FIRST, to)
    manifest = json.loads((to / MANIFEST).read_text())
    (to / MANIFEST).write_text(json.dumps({**manifest, "files": {name: "0" * 64}}))
    with pytest.raises(PlacingError, match="restore"):
        lay(FIRST, to)


@pytest.mark.parametrize("text", ["{", "[]", '{"target": 3}', "[" * 100_000])
def test_a_damaged_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    lay(FIRST, tmp_path)
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(PlacingError, match="cannot be read"):
        lay(FIRST, tmp_path)


def test_a_notebook_is_compared_by_its_cells(tmp_path: Path) -> None:
    def notebook(text: str, count: int | None = None) -> bytes:
        cell = {"cell_type": "code", "source": [text], "execution_count": count}
        return json.dumps({"cells": [cell]}).encode()

    lay({"n.ipynb": notebook("x = 1")}, tmp_path)
    (tmp_path / "n.ipynb").write_bytes(notebook("x = 1  # mine", 7))
    difference = lay({"n.ipynb": notebook("x = 2")}, tmp_path).differing["n.ipynb"].splitlines()
    assert (
        "-x = 1" in difference and "+x = 2" in difference and not any("execution_count" in line for line in difference)
    )
