from __future__ import annotations

import os
from pathlib import Path

from blindgrade.engine.sandbox.limits import remove_tree


def test_a_folder_is_removed_however_deep_and_closed_it_is(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    box = tmp_path / "box"
    box.mkdir()
    here = os.open(box, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    (box / "link").symlink_to(outside)
    (box / "closed").mkdir()
    (box / "closed" / "file").write_text("x")
    (box / "closed").chmod(0)
    remove_tree(box)
    assert os.listdir(tmp_path) == ["outside"] and os.listdir(outside) == ["kept"]


def test_a_folder_that_is_busy_for_a_moment_is_removed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows, a process that has just ended still holds its files for a moment, and read-only files are refused."""
    box = tmp_path / "box"
    box.mkdir()
    (box / "file").write_text("x")
    real, real_unlink, refusals = os.rmdir, os.unlink, [True, True]

    def rmdir(path: Path) -> None:
        if refusals:
            refusals.pop()
            raise PermissionError(13, "The process cannot access the file")
        real(path)

    def unlink(entry: os.DirEntry[str]) -> None:
        if not os.stat(entry).st_mode & 0o200:
            raise PermissionError(13, "Access is denied")
        real_unlink(entry)

    (box / "file").chmod(0o400)
    monkeypatch.setattr(os, "rmdir", rmdir)
    monkeypatch.setattr(os, "unlink", unlink)
    remove_tree(box)
    assert not refusals and os.listdir(tmp_path) == []
