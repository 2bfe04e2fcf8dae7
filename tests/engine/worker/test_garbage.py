from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = """
import gc
from blindgrade.engine.worker import garbage
print(gc.isenabled())

def main():
    kept = gc.get_freeze_count()
    garbage.search_new()
    print(gc.isenabled(), gc.get_freeze_count() > kept)
    print(__import__("sys").argv)
"""
REPEATED = """
import gc
from blindgrade.engine.worker import garbage
garbage.search_not()
garbage.search_new()
stays = gc.get_freeze_count()
later = [[] for _ in range(1000)]
garbage.search_new()
print(gc.get_freeze_count() - stays)
"""


def _said(folder: Path, *args: str) -> list[str]:
    done = subprocess.run([sys.executable, *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_module_is_imported_without_a_search_and_works_with_one(tmp_path: Path) -> None:
    (tmp_path / "worked.py").write_text(MODULE)
    said = _said(tmp_path, "-m", "blindgrade.engine.worker.garbage", "worked", "one")
    assert said[:2] == ["False", "True True"]
    assert said[2].endswith("'one']") and "worked" not in said[2]


def test_a_search_that_is_on_leaves_later_objects_to_it(tmp_path: Path) -> None:
    assert _said(tmp_path, "-c", REPEATED) == ["0"]
