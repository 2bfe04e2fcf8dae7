"""The miniature course, and a cohort of it that every test of this folder may read."""

from pathlib import Path

import pytest

from blindgrade.analysis.composing import Pieces
from blindgrade.analysis.simulation import simulate
from blindgrade.catalog import Catalog

MINI = Path(__file__).parents[1] / "courses" / "mini"


@pytest.fixture(scope="session")
def mini():
    return Catalog(MINI)


@pytest.fixture(scope="session")
def pieces(mini):
    return [Pieces(mini, files.entry.id) for files in mini.ready()]


@pytest.fixture(scope="session")
def cohort(pieces):
    return simulate([p.known for p in pieces], students=200, seed=0)
