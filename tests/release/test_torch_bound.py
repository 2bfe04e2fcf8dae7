"""A release admits the versions of PyTorch with which its lessons were proved."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.release import torch_bound as module
from blindgrade.release.torch_bound import torch_bound

ROOT = Path(__file__).parents[2]


def _record(catalog: Catalog, torch: object) -> None:
    [target] = catalog.find(["lesson-1.1.1"])
    target.files.proof_record.write_text(json.dumps({"software": {"torch": torch}}))


def test_the_record_of_the_proofs_decides(catalog: Catalog) -> None:
    _record(catalog, "2.11.1+cu130")
    bound = torch_bound(catalog.find(["all"]))
    assert bound.requirement == "torch>=2.6,<2.12" and (bound.lowest, bound.below) == ((2, 6), (2, 12))


@pytest.mark.parametrize("damaged", [None, 3, "nightly"])
def test_without_a_record_the_installed_version_decides(catalog: Catalog, damaged: object) -> None:
    if damaged is not None:
        _record(catalog, damaged)
    major, minor = importlib.metadata.version("torch").split(".")[:2]
    assert torch_bound(catalog.find(["all"])).below == (int(major), int(minor) + 1)


def test_the_lower_bound_is_the_engines(catalog: Catalog) -> None:
    lowest = torch_bound(catalog.find(["all"])).lowest
    assert f"torch>={lowest[0]}.{lowest[1]}" in (ROOT / "pyproject.toml").read_text()


def test_a_version_counts_only_if_every_lesson_was_proved_with_it(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = iter([(2, 13), (2, 12)])
    monkeypatch.setattr(module, "_proved", lambda target: next(proved))
    assert torch_bound(catalog.find(["all"]) * 2).below == (2, 13)
