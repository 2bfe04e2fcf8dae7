"""A lesson's checks as an instructor writes them into a test cell: the student's function, the reference's, compared.

Imported by the notebooks of `cohort.py` (nbgrader, otter) and by its floor; as light as such a file can be.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from blindgrade.checks import Check, Fail, Rng

SEED = 7
COURSE = Path(os.environ["BENCH_COURSE"])
FOLDER = os.environ["BENCH_FOLDER"]

torch.set_num_threads(1)
sys.path[:0] = [str(COURSE / "exercises"), str(COURSE / "graders")]


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


checks = [c for c in vars(_import(COURSE / "graders" / FOLDER / "checks.py")).values() if isinstance(c, Check)]
solution = _import(next((COURSE / "solutions" / FOLDER).glob("*.py")))


def run(check: Check, lesson: Any) -> Any:
    """The experiment's result, or the error that it raised."""
    drawn, data = check.prepare(SEED)
    torch.default_generator.manual_seed(SEED)  # not torch.manual_seed, which formats stack traces for 0.1 ms
    try:
        return check.experiment(lesson, Rng(drawn), *data)
    except Exception as error:
        return error


def passes(check: Check, lesson: Any, expected: Any) -> bool:
    """Does the check pass? `expected` is the reference's result."""
    result = run(check, lesson)
    if isinstance(result, Exception):
        return False
    try:
        check.judge(result, expected, Rng(SEED))
    except Fail:
        return False
    except Exception:
        return False
    return True


def share(exercise: str, names: dict[str, Any]) -> float:
    """The share of an exercise's points that the names of a notebook earn."""
    mine = [c for c in checks if c.exercise == exercise]
    lesson = SimpleNamespace(**names)
    earned = sum(c.weight for c in mine if passes(c, lesson, run(c, solution) if c.reference else None))
    return earned / sum(c.weight for c in mine)
