"""What `course release` can release as."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from blindgrade.catalog import Catalog
from blindgrade.release.merge_into import Summary
from blindgrade.release.releasing import TargetModule, release

# Modules by name: only the one that is asked for is imported.
TARGETS = {
    "repository": "blindgrade.release.repository",
    "nbgrader": "blindgrade.systems.nbgrader.release",
    "gradescope": "blindgrade.systems.gradescope.release",
    "classroom50": "blindgrade.systems.classroom50.release",
}


def release_as(catalog: Catalog, ids: Iterable[str], name: str, to: Path) -> Summary:
    """Release lessons as the target `name`, a key of TARGETS. Raises what `release` raises."""
    return release(catalog, ids, cast(TargetModule, importlib.import_module(TARGETS[name])), name, to)
