"""Promises of docstrings, and what only hidden checks observe. Students must meet both in a public check."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from blindgrade.checks import Check
from blindgrade.verify.public import read_hidden
from blindgrade.verify.workshop import Workshop


@dataclass(frozen=True)
class Promise:
    """One kind of promise. `said` finds it in a docstring, `seen` finds its observer in an experiment.

    `unsaid`: if a hidden check observes it, a public one must, too, whatever the docstring says.
    """

    name: str
    said: re.Pattern[str]
    seen: re.Pattern[str]
    observer: str
    unsaid: bool = True


PROMISES = (
    Promise("ValueError", re.compile(r"\bValueError\b"), re.compile(r"\berror_of\b"), "error_of"),
    Promise(
        "unchanged",
        re.compile(r"\bstays? as (?:it is|they are)\b|\bunchanged\b|\bnot changed\b"),
        re.compile(r"\bWatch\(|\banswers_and_purity\b"),
        "Watch or answers_and_purity",
    ),
    Promise(
        "dtype",
        re.compile(r"\bdtype\b"),
        re.compile(r"\bin_each_dtype\b|\bfloat64\b|\.double\("),
        "in_each_dtype or torch.float64",
        unsaid=False,  # many experiments use float64 for their own numbers
    ),
    Promise(
        "gradients",
        re.compile(r"\brequire gradients|\bwith(?:out)? a graph\b|\bgradient reaches\b|\b(?:no|receives a) gradient\b"),
        re.compile(r"\bgradients\(|\brequires_grad\b|\.grad\b|\bbackward\("),
        "gradients",
    ),
)


def promises_have_public_checks(workshop: Workshop) -> str:
    """Every promise of a docstring without a public check, and everything that only hidden checks observe."""
    path, names = workshop.files.hidden_on_purpose, {e.name for e in workshop.lesson.exercises}
    listed = {(entry.exercise, entry.promise) for entry in read_hidden(workshop.files)[1]}
    wrong = sorted((e, p) for e, p in listed if e not in names or p not in {one.name for one in PROMISES})
    problems = [f"{path}: `{e}` has no promise `{p}`; correct the entry" for e, p in wrong]
    for exercise in workshop.lesson.exercises:
        docstring = _docstrings(workshop.solution.definition_text(exercise.name))
        checks = workshop.checks.of(exercise.name)
        for promise in PROMISES:
            gap = _gap(workshop, promise, docstring, checks)
            if (exercise.name, promise.name) not in listed:
                problems += [f"`{exercise.name}`: {gap}"] if gap else []
            elif not gap:
                problems.append(f"{path}: a public check covers {promise.name} of `{exercise.name}`; remove the entry")
    return "; ".join(problems)


def _gap(workshop: Workshop, promise: Promise, docstring: str, checks: list[Check]) -> str:
    """What is missing for this promise; "" if a public check observes it, or nothing promises it."""
    observing = [check for check in checks if promise.seen.search("\n".join(workshop.checks.slice(check).values()))]
    if any(check.public for check in observing):
        return ""
    if promise.said.search(docstring):
        return f"its docstring promises {promise.name}; write a public check that uses {promise.observer}"
    if observing and promise.unsaid:
        only = ", ".join(check.name for check in observing)
        return f"only hidden checks observe {promise.name} ({only}); make one public, or use {promise.observer} in one"
    return ""


def _docstrings(definition: str) -> str:
    """All docstrings of a definition, on one line."""
    nodes = [n for n in ast.walk(ast.parse(definition)) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return " ".join(" ".join((ast.get_docstring(node) or "").split()) for node in nodes)
