from __future__ import annotations

import errno
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blindgrade.engine.submission import archives
from blindgrade.engine.submission.archives import ArchiveError, unpacked

TEXT = b"x = 1\n"


def packed(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return path


def tarred(path: Path, *entries: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for entry in entries:
            archive.addfile(entry, io.BytesIO(bytes(entry.size)) if entry.isreg() else None)
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 6) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size if kind == tarfile.REGTYPE else 0
    return info


def found(path: Path) -> tuple[set[str], list[str]]:
    with unpacked(path) as (folder, notes):
        return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}, notes


@pytest.mark.parametrize(
    "suffix,mode", [(".tar", "w"), (".tar.gz", "w:gz"), (".tar.bz2", "w:bz2"), (".tar.xz", "w:xz")]
)
def test_every_kind_of_tar_is_unpacked_and_gone_afterwards(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tarred(tmp_path / f"work{suffix}", entry("./a.py"), entry("sub/b.py"), mode=mode)
    with unpacked(path) as (folder, notes):
        assert (folder / "sub" / "b.py").read_bytes() == bytes(6)
    assert notes == [] and not folder.exists()


def test_a_packed_folder_is_entered_but_a_lessons_own_folder_is_not(tmp_path: Path) -> None:
    assert found(packed(tmp_path / "one.zip", ["alice/work/a.py", "alice/work/b.py"]))[0] == {"a.py", "b.py"}
    assert found(packed(tmp_path / "two.zip", ["lesson_1_1_1_basics/a.py"]))[0] == {"lesson_1_1_1_basics/a.py"}


@pytest.mark.parametrize(
    "name",
    [
        "../a.py",
        "x/../../a.py",
        "/etc/passwd",
        "..\\a.py",
        "C:/a.py",
        "a\x1b[2Jb.py",
        "a/../b.py",
        "/".join("x" * 40),
        "n" * 300,
    ],
)
def test_a_name_that_leads_elsewhere_is_left_out_and_reported_escaped(tmp_path: Path, name: str) -> None:
    names, notes = found(packed(tmp_path / "work.zip", ["lesson_x/a.py", name]))
    assert names == {"lesson_x/a.py"}
    assert len(notes) == 1 and "left out" in notes[0] and "\x1b" not in notes[0]
    assert not (tmp_path.parent / "a.py").exists()


@pytest.mark.parametrize("pair", [("a.py", "A.py"), ("caf\u00e9.py", "cafe\u0301.py"), ("a.py", "a.py")])
def test_names_that_are_one_name_on_some_systems_are_taken_once(tmp_path: Path, pair: tuple[str, str]) -> None:
    names, notes = found(tarred(tmp_path / "work.tar.gz", *(entry(name) for name in pair)))
    assert len(names) == 1 and "twice" in notes[0]


def test_a_file_that_is_also_a_folder_is_reported(tmp_path: Path) -> None:
    names, notes = found(tarred(tmp_path / "work.tar.gz", entry("a"), entry("a/b.py")))
    assert names == {"a"} and len(notes) == 1


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    names, notes = found(tarred(tmp_path / "work.tar.gz", entry("basics.py", kind, "/etc/passwd"), entry("a.py")))
    assert names == {"a.py"} and "link" in notes[0]


def test_a_link_in_a_zip_is_left_out(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("basics.py")
    info.external_attr = 0o120777 << 16
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("a.py", TEXT)
    assert found(path)[0] == {"a.py"}


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.py", "w") as big:
        for _ in range(archives.MAX_UNPACKED // archives.MIB + 1):
            big.write(bytes(archives.MIB))


def _gzip_bomb(path: Path) -> None:
    """Archive with a link entry first, so that the bytes pass without being taken."""
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(entry("sparse", tarfile.REGTYPE, size=1 << 40).tobuf())
        for _ in range(archives.MAX_UNPACKED // archives.MIB + 20):
            out.write(bytes(archives.MIB))


def _many(path: Path) -> None:
    packed(path, [f"{n}.py" for n in range(archives.MAX_ENTRIES + 1)])


@pytest.mark.parametrize(
    "suffix,make,says", [(".zip", _zip_bomb, "MiB"), (".tar.gz", _gzip_bomb, "MiB"), (".zip", _many, "5000 files")]
)
def test_a_bomb_ends_at_its_limit(tmp_path: Path, suffix: str, make: Callable[[Path], None], says: str) -> None:
    path = tmp_path / f"bomb{suffix}"
    make(path)
    with pytest.raises(ArchiveError, match=says), unpacked(path):
        pass


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.xz", ".tar"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(100), b"\x1f\x8b" + bytes(50), b"\xff" * 2000])
def test_a_file_that_is_not_an_archive_is_an_error_with_advice(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"work{suffix}"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="pack it again"), unpacked(path):
        pass


NAMES_OF_WINDOWS = ["aux.py", "lesson/NUL", "com1.tar.py", "con /a.py", "trailing.", "space "]


def test_names_of_devices_are_left_out_only_where_they_are_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "all.zip", [*NAMES_OF_WINDOWS, "auxiliary.py", "console.py"])
    assert len(found(path)[0]) == 8
    monkeypatch.setattr(archives, "DEVICES_HAVE_NAMES", True)
    taken, notes = found(path)
    assert taken == {"auxiliary.py", "console.py"}
    assert len(notes) == 6 and all("Windows cannot store a file of this name" in note for note in notes)


def test_a_name_that_the_system_cannot_store_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a path of more than 260 characters on Windows, or a question mark."""
    real = os.open

    def refuses(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if "?" in str(path):
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", refuses)
    taken, notes = found(packed(tmp_path / "all.zip", ["what?.py", "fine.py"]))
    assert taken == {"fine.py"}
    assert notes == ["'what?.py' was left out: this system cannot store a file of this name here"]
