from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog

MINI = Path(__file__).parents[1] / "courses" / "mini"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A copy of the miniature course that a test may break."""
    return Catalog(Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__"))))
