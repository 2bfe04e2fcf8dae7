"""Several versions of an answer: a .py file beside a notebook, and several definitions in one file."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Sequence

from blindgrade.engine.submission.answers import bindings, parsed, place_in, unwritten
from blindgrade.engine.submission.statements import IMPORTS
from blindgrade.places import Place

# The stub's line where the student writes. The stub's introduction has the same text inside a sentence, which does not
# match.
UNWRITTEN = re.compile(r"^\s*raise NotImplementedError", re.MULTILINE)
# Cheap sign of a definition. Only names that it finds twice are looked at in the syntax tree.
BINDING = re.compile(r"^[ \t]*(?:(?:async[ ]+)?(?:def|class)[ ]+(\w+)|(\w+)[ ]*(?::[^=\n]*)?=(?!=))", re.MULTILINE)
MAX_PLACES = 4


def unfinished(text: str) -> tuple[bool, int]:
    """Key of a file beside another one: the smaller one is graded. A file without any code comes last."""
    return not _has_code(text), unwritten_lines(text)


def unwritten_lines(text: str) -> int:
    """Number of the lines that still raise as in the released stub."""
    return len(UNWRITTEN.findall(text))


def _has_code(text: str) -> bool:
    nodes = parsed(text)
    return not nodes and bool(text.strip()) or any(not _is_frame(node) for node in nodes)


def _is_frame(node: ast.stmt) -> bool:
    return isinstance(node, IMPORTS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def both_worked_in(sources: Sequence[tuple[str, str]], counts: str, graded: frozenset[str] | None) -> list[str]:
    """Note about each other file, (name, text), that has other answers than `counts`, the file that is graded."""
    texts = dict(sources)
    if len(texts) < 2 or not graded:
        return []
    answers = {name: _answers(text, graded) for name, text in texts.items()}
    return [
        _worked_in_too(counts, other, texts)
        for other in texts
        if answers[counts] and answers[other] and answers[other] != answers[counts]
    ]


def _worked_in_too(counts: str, other: str, texts: dict[str, str]) -> str:
    open_here, open_there = (unwritten_lines(texts[name]) for name in (counts, other))
    rule = (
        f"it has fewer unwritten exercises ({open_here} against {open_there})"
        if open_here < open_there
        else "both have as many unwritten exercises, and then the .py file counts"
    )
    return (
        f"{counts} and {other} both have answers; {counts} was graded, because {rule}; "
        f"keep your answers in one of them, and delete the other"
    )


def _answers(text: str, graded: frozenset[str]) -> dict[str, str]:
    """Syntax of each written answer, by the name that it defines."""
    nodes = parsed(text)
    found = {name: bindings(nodes, name) for name in graded}
    return {name: ast.dump(every[-1]) for name, every in found.items() if every and not unwritten(every[-1])}


def several_definitions(text: str, where: Callable[[int], Place], graded: frozenset[str] | None) -> list[str]:
    """Note about each exercise that the file defines more than once, with the places."""
    counted = Counter(first or second for first, second in BINDING.findall(text))
    twice = sorted(name for name in graded or () if counted[name] > 1)
    if not twice:
        return []
    nodes = parsed(text)
    notes = []
    for name in twice:
        found = bindings(nodes, name)
        if len(found) < 2:
            continue
        places = [str(where(place_in(node, name))) for node in found[-MAX_PLACES:]]
        number = "twice" if len(found) == 2 else f"{len(found)} times"
        note = f"`{name}` is defined {number}, {', '.join(places[:-1])} and {places[-1]}: the last one counts"
        if unwritten(found[-1]) and not unwritten(found[-2]):
            note += ", and it only raises NotImplementedError; delete it"
        notes.append(note)
    return notes
