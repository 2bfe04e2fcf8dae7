"""Lessons that train with an optimizer of torch. The first optimizer imports torch's compiler, which takes a second."""

from __future__ import annotations

import re

from blindgrade.catalog import Target
from blindgrade.models import Kind

OPTIMIZER = re.compile(r"optim|\bAdam|\bSGD\b")


def needs_optimizer(target: Target) -> bool:
    """Is an exercise trained, and does a file of its lesson speak of an optimizer?

    The stub and the description are on a student's machine, too. A student who uses an optimizer all the same waits for
    the import once.
    """
    if not any(target.lesson.exercise(name).kind is Kind.TRAINING for name in target.exercises):
        return False
    files = (target.files.stub, target.files.spec, target.files.solution)
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file())
    return any(OPTIMIZER.search(text) for text in texts)
