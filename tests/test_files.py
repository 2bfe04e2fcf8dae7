"""Whole files: after a crash, on a full disk, with permissions."""

from __future__ import annotations

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from blindgrade.files import write_whole


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("durable", [False, True])
def test_folders_are_made_and_text_is_utf_8_as_given(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / "page.html"
    write_whole(path, "é\r\n", durable=durable)
    assert path.read_bytes() == b"\xc3\xa9\r\n"
    write_whole(path, b"other", durable=durable, pieces=tmp_path / "pieces")
    assert files(tmp_path) == ["a/b/page.html"] and path.read_bytes() == b"other"


def test_permissions_are_those_asked_for_or_those_of_the_process(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "usual", "")
        write_whole(tmp_path / "secret", "", mode=0o600)
        write_whole(tmp_path / "script", "", mode=0o755)
    finally:
        os.umask(old)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "secret", "script")]
    assert modes == [0o640, 0o600, 0o755]


def test_a_secret_is_nobody_elses_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    chmod, replace = os.chmod, os.replace

    def mode(piece: Path) -> int:
        return stat.S_IMODE(piece.stat().st_mode)

    def look_before(piece: Path, wanted: int) -> None:  # the content is written by now, or is on its way
        seen.append(mode(piece))
        chmod(piece, wanted)

    def look_at_last(piece: Path, path: Path) -> None:
        seen.append(mode(piece))
        replace(piece, path)

    monkeypatch.setattr(os, "chmod", look_before)
    monkeypatch.setattr(os, "replace", look_at_last)
    old = os.umask(0)
    try:
        write_whole(tmp_path / "secret", "", mode=0o600)
    finally:
        os.umask(old)
    assert seen == [0o600, 0o600]


def test_a_durable_file_is_on_the_disk_before_its_name_and_so_are_the_names_of_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        done.append("content" if path.is_file() else f"names in {path.relative_to(tmp_path).as_posix()}")
        sync(handle)

    def renamed(piece: Path, path: Path) -> None:
        done.append("rename")
        replace(piece, path)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    write_whole(tmp_path / "a" / "b" / "file", "x", durable=True)
    assert done[:2] == ["content", "rename"] and sorted(done[2:]) == ["names in .", "names in a", "names in a/b"]
    done.clear()
    write_whole(tmp_path / "a" / "b" / "file", "y", durable=True)
    assert done == ["content", "rename", "names in a/b"]


def test_a_full_disk_is_an_error_and_leaves_the_old_file_and_no_piece(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    child = os.fork()
    if child == 0:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            write_whole(tmp_path / "file", b"new" * 1000)
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert files(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "old"


def test_a_rename_that_fails_leaves_the_old_file_and_no_piece(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "inside").write_text("old")
    with pytest.raises(OSError):
        write_whole(tmp_path / "place", "new")
    assert files(tmp_path) == ["place/inside"]


def test_killed_at_any_moment_a_file_is_the_old_or_the_new(tmp_path: Path) -> None:
    path, letters = tmp_path / "file", 2_000_000
    write_whole(path, "a" * letters)
    for moment in range(8):
        child = os.fork()
        if child == 0:
            while True:
                for letter in "bc":
                    write_whole(path, letter * letters)
        time.sleep(0.01 + 0.004 * moment)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        content = path.read_text()
        assert len(content) == letters and len(set(content)) == 1


def test_a_program_that_reads_the_old_file_for_a_moment_stops_no_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file that is open cannot be replaced."""
    real, refusals = os.replace, [PermissionError, PermissionError]

    def replace(piece: Path, path: Path) -> None:
        if refusals:
            raise refusals.pop()(13, "Access is denied")
        real(piece, path)

    monkeypatch.setattr(os, "replace", replace)
    write_whole(tmp_path / "page", "new")
    assert (tmp_path / "page").read_text() == "new"
    refusals += [PermissionError] * 20
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "page", "newer")
    assert files(tmp_path) == ["page"] and (tmp_path / "page").read_text() == "new"
