from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from blindgrade.release.scan.opening import CannotOpen, code_of, opened
from blindgrade.release.wheel import zipped


def tarred(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_archives_are_opened_also_within_archives() -> None:
    content = zipped({"in/a.tar.gz": gzip.compress(tarred("b.zip", zipped({"c.py": b"x = 1"})))})
    assert [(o.name, o.text) for o in opened("w.whl", content)] == [("w.whl!in/a.tar.gz!unpacked!b.zip!c.py", "x = 1")]


def test_what_cannot_be_read_is_not_released() -> None:
    for content, why in (
        (b"\x80\x04\x95pickle", "not text"),
        (b"PK\x03\x04 and then nothing", "cannot open the archive"),
        (gzip.compress(b"x")[:-4], "cannot open the archive"),
    ):
        with pytest.raises(CannotOpen, match=why):
            list(opened("data", content))


def test_archives_without_end_are_refused() -> None:
    content = b"x"
    for _ in range(8):
        content = gzip.compress(content)
    with pytest.raises(CannotOpen, match="deep"):
        list(opened("data", content))


def test_a_picture_is_read_as_bytes() -> None:
    (picture,) = opened("a.png", b"\x89PNG\r\n\x1a\n\xff\xfe/home/ana/course")
    assert "/home/ana/course" in picture.text


def test_code_is_named_by_its_place() -> None:
    notebook = json.dumps({
        "cells": [
            {"cell_type": "markdown", "source": ["Text\n", "```python\n", "x = 1\n", "```\n"]},
            {"cell_type": "code", "source": "y = 2\nz = 3"},
        ]
    })  # fmt: skip
    assert [(c.text, c.where(1)) for c in code_of(notebook)] == [
        ("x = 1\n", "cell 1, line 1"),
        ("y = 2\nz = 3", "cell 2, line 1"),
    ]
    assert [(c.text, c.where(1)) for c in code_of("# Title\n\n```python\nx = 1\n```\n")] == [("x = 1\n", "4")]
    assert [(c.text, c.where(2)) for c in code_of("x = 1\ny = 2\n")] == [("x = 1\ny = 2\n", "2")]
