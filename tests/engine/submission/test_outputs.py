"""Outputs of a notebook do not count toward its size, and nothing else is lost with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.engine.submission.files import MAX_NOTEBOOK, MIB, Unreadable
from blindgrade.engine.submission.lesson_source import read_source
from blindgrade.engine.submission.outputs import without_outputs

PICTURE = {"output_type": "display_data", "data": {"image/png": "iVBOR\\nw0" * 9, "text/plain": [']}"\\', "[{"]}}


def made(outputs: list[object], source: str = "def f(): return 1\n", **more: object) -> bytes:
    cells = [{"cell_type": "code", "source": [source], "outputs": outputs, **more}]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


@pytest.mark.parametrize("source", ["x = 1", 'd = {"outputs": [1, 2]}\n', "s = '\"outputs\": [ \\\\'\n", '"]" # }'])
def test_the_rest_of_a_notebook_stays(source: str) -> None:
    content = made([PICTURE, {"data": {"outputs": [[1], {}]}}], source, attachments={"a.png": {"image/png": "x"}})
    [cell] = json.loads(without_outputs(content))["cells"]
    assert cell == {"cell_type": "code", "source": [source], "outputs": [], "attachments": {}}


@pytest.mark.parametrize("content", [b"", b"[", b'{"outputs": [', b'{"outputs": [}', b'"open', b'{"outputs" : 3}'])
def test_a_text_that_is_no_notebook_gives_no_error(content: bytes) -> None:
    assert without_outputs(content).startswith(content[:1])


def test_22_mb_of_pictures_do_not_count(tmp_path: Path) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * (22 * MIB)}}
    (tmp_path / "a.ipynb").write_bytes(made([picture]))
    assert "def f()" in read_source(tmp_path / "a.ipynb", "a.ipynb").text


def test_22_mb_of_text_in_cells_count(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(made([], "x" * (MAX_NOTEBOOK + 1)))
    with pytest.raises(Unreadable, match="larger than 20 MiB without its outputs"):
        read_source(tmp_path / "a.ipynb", "a.ipynb")
