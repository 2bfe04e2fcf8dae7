from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..web_app import Web


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    found = Web(tmp_path)
    with found.client:
        yield found
    found.database.close()
