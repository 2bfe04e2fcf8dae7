"""Submissions as content-addressed files."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.service.blobs import MAX_FILES, Blobs, RefusedFiles, checked, packed


@pytest.mark.parametrize(
    "name",
    [
        "../basics.py", "/etc/passwd", "a/../b.py", "a//b.py", "./a.py", "C:\\x.py", "a\\b.py", "c:x.py", "",
        "a\nb.py", "a\x00.py", ".bashrc", "a/.git/config", "x" * 300, "/".join("abcdefghijklmnopqrstuvw"),
        "a\u202eb.py",
    ],
)  # fmt: skip
def test_a_name_that_is_not_plain_is_refused(name: str) -> None:
    with pytest.raises(RefusedFiles):
        checked({name: "x = 1"})


@pytest.mark.parametrize(
    "files",
    [
        None, [], {}, {"a.py": 1}, {"a.py": None}, {"a.py": "\0"}, {"a.py": "\ud800"}, {"a.py": "", "A.PY": ""},
        {"a.py": "", "ａ.py": ""}, {"a": "", "a/b.py": ""}, {f"f{n}.py": "" for n in range(MAX_FILES + 1)},
    ],
)  # fmt: skip
def test_what_is_no_set_of_files_is_refused(files: object) -> None:
    with pytest.raises(RefusedFiles):
        checked(files)


def test_equal_files_are_one_blob_and_come_back_as_they_were(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    files = {"basics.py": "π = 3\r\n", "data/table.csv": "a,b\n"}
    digest, content = packed(checked(files))
    assert packed(dict(reversed(files.items()))) == (digest, content)
    blobs.keep(digest, content)
    blobs.keep(digest, content)
    assert blobs.read(digest) == files
    assert len(list((tmp_path / "blobs").rglob("*.json"))) == 1
    blobs.lay_out(digest, tmp_path / "out")
    assert (tmp_path / "out" / "basics.py").read_bytes() == "π = 3\r\n".encode()
    assert (tmp_path / "out" / "data" / "table.csv").read_text() == "a,b\n"


def test_a_damaged_blob_is_named(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest, content = packed({"a.py": "x"})
    blobs.keep(digest, content)
    blobs.path(digest).write_bytes(b"{}")
    with pytest.raises(ValueError, match=digest):
        blobs.read(digest)


def test_a_blob_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest, content = packed({"a.py": "x"})
    blobs.keep(digest, content)
    assert blobs.path(digest).stat().st_mode & 0o777 == 0o600
