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
