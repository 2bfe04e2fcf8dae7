"""Solutions for the tests that compare them with independent references."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest
import torch

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import provide_toys
from blindgrade.engine.answers.solution import Solution

# An author's own course folder, in which only the lesson at hand is ready, or the one that this file lies in.
COURSE = Catalog.locate(None if os.environ.get("BLINDGRADE_COURSE") else Path(__file__).parent)

# A planned lesson is not offered to students yet, so its tests wait with it.
collect_ignore = [
    folder.name
    for folder in Path(__file__).parent.glob("lesson_*")
    if folder.name not in {files.folder for files in COURSE.ready()}
]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def solution(request: pytest.FixtureRequest) -> ModuleType:
    """The solution's module of the lesson whose folder the test stands in."""
    files = next(f for f in COURSE.ready() if f.folder == request.path.parent.name)
    provide_toys(files)
    return Solution(files, COURSE.lesson(files)).module.module
