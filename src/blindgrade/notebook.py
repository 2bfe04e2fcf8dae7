"""Grading inside a notebook: `%load_ext blindgrade`, then `%grade score_from_noise` below a cell.

The public checks run in the notebook's own kernel, on the functions that the kernel has at that moment. No submission
is read and no worker is started. Hidden checks are never run here.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from blindgrade.catalog import Catalog, CourseError, Target, UnknownId
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Exercise
from blindgrade.places import Place

if TYPE_CHECKING:
    from blindgrade.models import Attempt, CheckResult, ExerciseResult

CELL = re.compile(r"In\s?\[(\d+)\]")


@dataclass(frozen=True)
class Graded:
    """Results of the public checks. As the last line of a cell, the notebook shows it as a card."""

    attempt: Attempt
    catalog: Catalog | None = field(default=None, repr=False, compare=False)

    @property
    def points(self) -> float:
        """Points by the public checks alone. Hidden checks may find more mistakes."""
        return self.attempt.points

    @property
    def max_points(self) -> float:
        """Points that the graded exercises are worth."""
        return self.attempt.max_points

    @property
    def exercises(self) -> list[ExerciseResult]:
        """Results of the graded exercises, in the lesson's order."""
        return self.attempt.exercises

    @property
    def checks(self) -> list[CheckResult]:
        """Results of all checks that were run."""
        return [check for exercise in self.exercises for check in exercise.checks]

    def _repr_html_(self) -> str:
        from blindgrade.render.html.card import html_card
        from blindgrade.render.html.look import look_of

        return html_card(self.attempt, look_of(self.catalog) if self.catalog else None)

    def __repr__(self) -> str:
        from blindgrade.render.html.card import text_card

        # A terminal of Windows may have a code page without our signs.
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        return text_card(self.attempt).encode(encoding, "replace").decode(encoding)


def grade(
    name: str = "",
    *,
    namespace: Mapping[str, Any] | None = None,
    reference: Literal["auto", "live", "key"] = "auto",
    seed: int | None = None,
) -> Graded:
    """Run the public checks of an exercise, or of all that the notebook defines so far, on the kernel's own objects.

    `name` is "score_from_noise", the name of its function or class, "lesson-7.2.1/score_from_noise" or "lesson-7.2.1";
    "7.2.1", "score functions" and other forms of an id work, too.
    `namespace` has the objects; the default is the notebook's. UnknownId lists the nearest names. CourseError if there
    is no notebook or no course.
    """
    from blindgrade.engine.grading.kernel import grade_names

    shell = _shell()
    if namespace is None:
        if shell is None:
            raise CourseError("this is not a notebook; run `grade` at the terminal, or give `namespace=globals()`")
        namespace = shell.user_ns
    catalog = _course(namespace)
    target = _target(catalog, name.strip(), namespace)
    places = _Places(shell, target.files)
    return Graded(grade_names(target, namespace, places, reference=reference, seed=seed), catalog)


# ---------------------------------------------------------------- which course, which lesson, which exercise


def _course(namespace: Mapping[str, Any]) -> Catalog:
    """Course around the working directory, which Jupyter and VS Code set to the notebook's folder."""
    try:
        return Catalog.locate()
    except CourseError:
        path = _notebook_path(namespace)
        if path is None:
            raise
        return Catalog.locate(path.parent)


def _notebook_path(namespace: Mapping[str, Any]) -> Path | None:
    """Path of the notebook's own file, if VS Code or Jupyter names it."""
    named = str(namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or "")
    return Path(named) if named else None


def _target(catalog: Catalog, name: str, namespace: Mapping[str, Any]) -> Target:
    here = _lesson_here(catalog, namespace)
    if name.startswith("lesson-") and "/" in name:
        return catalog.find([name])[0]
    if name.startswith("lesson-"):
        targets = catalog.find([name])
        if len(targets) > 1:
            listed = ", ".join(t.files.entry.id for t in targets)
            raise UnknownId(f"{name} is a module; name one of its lessons: {listed}")
        return _defined(targets[0], namespace)
    if not name:
        if here is None:
            raise UnknownId("no lesson is known here; run the notebook's cells first, or name one: %grade lesson-7.2.1")
        return _defined(here, namespace)
    everywhere = [t for t in _right(catalog) if here is None or t.files.entry.id != here.files.entry.id]
    for target in [here, *everywhere] if here is not None else everywhere:
        for exercise in target.lesson.exercises:
            if name in (exercise.name, exercise.defines):
                return replace(target, exercises=(exercise.name,))
    try:
        [wanted] = catalog.canonical([name])
    except UnknownId:
        wanted = name
    if not wanted.startswith("lesson-"):
        raise UnknownId(f"no exercise has the name {name!r}{_nearest(name, here, everywhere)}")
    return _target(catalog, wanted, namespace)


def _nearest(name: str, here: Target | None, everywhere: list[Target]) -> str:
    own = _names(here.lesson.exercises) if here is not None else []
    near = difflib.get_close_matches(name, own, n=3, cutoff=0.5)
    if not near:
        near = difflib.get_close_matches(name, [n for t in everywhere for n in _names(t.lesson.exercises)], n=3)
    if near:
        return f"; did you mean {', '.join(near)}?"
    return f"; this lesson has {', '.join(e.name for e in here.lesson.exercises)}" if here is not None else ""


def _names(exercises: list[Exercise]) -> list[str]:
    return list(dict.fromkeys(name for e in exercises for name in (e.name, e.defines)))


def _lesson_here(catalog: Catalog, namespace: Mapping[str, Any]) -> Target | None:
    """Lesson in whose folder the notebook runs, else the lesson of which the kernel defines most exercises."""
    path = _notebook_path(namespace)
    folders = {*Path.cwd().parts, *(path.parts if path else ())}
    for files in catalog.ready():
        if files.folder in folders or (path and path.stem == files.module):
            return catalog.find([files.entry.id])[0]
    targets = _right(catalog)
    counts = {t.files.entry.id: sum(e.defines in namespace for e in t.lesson.exercises) for t in targets}
    best = max(targets, key=lambda t: counts[t.files.entry.id], default=None)
    return best if best is not None and counts[best.files.entry.id] else None


def _right(catalog: Catalog) -> list[Target]:
    """All lessons whose files are right. One that is not is reported when a student asks for it."""
    return catalog.find(["all"], lambda lesson, error: None)


def _defined(target: Target, namespace: Mapping[str, Any]) -> Target:
    found = tuple(e.name for e in target.lesson.exercises if e.defines in namespace)
    if not found:
        raise UnknownId(
            f"this kernel defines no exercise of {target.files.entry.id} yet; run the notebook's cells first"
        )
    return replace(target, exercises=found)


class _Places:
    """Places as the notebook shows them: a line of `cell [5]`, or of a file in the lesson's folder."""

    def __init__(self, shell: Any, files: LessonFiles) -> None:
        self._shell = shell
        self._folder = files.exercises

    def __call__(self, filename: str, line: int) -> Place | None:
        named = self._shell.compile.format_code_name(filename) if self._shell is not None else None
        cell = CELL.search(named[1]) if named else None
        if cell:
            return Place("", line, f"cell [{cell[1]}]")
        path = Path(filename)
        return Place(path.name, line) if path.parent == self._folder and path.suffix == ".py" else None


# ---------------------------------------------------------------- the magic


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def register(shell: Any) -> None:
    """Add `%grade NAME` to the shell. The Tab key completes the name."""
    shell.register_magic_function(_magic, magic_kind="line", magic_name="grade")
    shell.set_hook("complete_command", _complete, str_key="%grade")


def unregister(shell: Any) -> None:
    """Remove `%grade` from the shell."""
    shell.magics_manager.magics["line"].pop("grade", None)


def _magic(line: str) -> None:
    """`%grade NAME` runs the public checks of an exercise on the code in this kernel. Without NAME: of all so far."""
    from IPython.core.error import UsageError
    from IPython.display import display

    try:
        graded = grade(line)
    except (UnknownId, CourseError) as error:
        raise UsageError(str(error)) from None
    display(graded)


def _complete(shell: Any, event: Any) -> list[str]:
    try:
        catalog = _course(shell.user_ns)
        here = _lesson_here(catalog, shell.user_ns)
        lessons = [files.entry.id for files in catalog.ready()]
    except (UnknownId, CourseError):
        return []
    own = [e.name for e in here.lesson.exercises] if here is not None else []
    return [name for name in [*own, *lessons] if name.startswith(event.symbol)]
