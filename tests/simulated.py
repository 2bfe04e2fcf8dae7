"""The miniature course, and a cohort of it for the tests of cohort_report and simulate."""

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.simulate.composing import Pieces
from blindgrade.simulate.simulation import simulate

MINI = Path(__file__).parent / "courses" / "mini"


@pytest.fixture(scope="session")
def mini():
    return Catalog(MINI)


@pytest.fixture(scope="session")
def pieces(mini):
    return [Pieces(mini, files.entry.id) for files in mini.ready()]


@pytest.fixture(scope="session")
def cohort(pieces):
    return simulate([p.known for p in pieces], students=200, seed=0)
