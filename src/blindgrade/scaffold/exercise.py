"""`course new-exercise`: an exercise in a lesson's four files, as an example to overwrite or taken from a file."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.models import Kind
from blindgrade.scaffold.filling import ScaffoldError, write_over
from blindgrade.scaffold.parts import LessonTexts, example_parts
from blindgrade.scaffold.taken import taken_parts

POINTS = 10


def new_exercise(
    catalog: Catalog, lesson: str, name: str, kind: Kind | None, source: Path | None
) -> tuple[Target, list[str]]:
    """Add the exercise; return its lesson and the paths that changed.

    ScaffoldError or CourseError: nothing was written.
    """
    (target, *others) = catalog.find([lesson])
    if others or len(target.exercises) != len(target.lesson.exercises):
        raise ScaffoldError(f"{lesson} is not one lesson; name one, as in {target.files.entry.id}")
    try:
        texts = LessonTexts.read(target.files)
    except OSError as error:
        raise ScaffoldError(f"{error.filename} is missing; the lesson is written where its solution is") from None
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ScaffoldError(f"{name!r} is not a name in Python; use letters, digits and _")
    try:
        defined = _defined(texts.solution)
    except SyntaxError as error:
        raise CourseError(f"{target.files.solution}:{error.lineno}: {error.msg}; correct the file") from None
    if name in defined or any(name in (e.name, e.defines) for e in target.lesson.exercises):
        raise ScaffoldError(f"{target.files.entry.id} has a definition {name} already; choose another name")
    concept = _concept(catalog, target)
    title = name.replace("_", " ").capitalize()
    if source is None:
        parts = example_parts(name, title, kind or Kind.FUNCTION, POINTS, concept)
    else:
        parts = taken_parts(source, name, title, kind, POINTS, concept, have=defined)
    return target, write_over(catalog.root, texts.plus(parts).to_write(target.files))


def _defined(source: str) -> frozenset[str]:
    nodes = ast.parse(source).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef))


def _concept(catalog: Catalog, target: Target) -> str:
    """Concept of the new exercise: the first one of the lesson."""
    own = [c.id for c in catalog.course.concepts if target.files.entry.id in c.lessons]
    return own[0] if own else target.lesson.exercises[-1].concepts[0]
