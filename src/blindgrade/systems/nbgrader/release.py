"""A course directory for nbgrader: `source/` notebooks with solutions, and settings that grade in our sandbox.

The directory is for instructors only, because nbgrader needs the solutions in `source/`. `nbgrader generate_assignment`
makes the students' files from it.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from blindgrade.authoring.cells import SOLUTION_ONLY, CellError
from blindgrade.authoring.notebook import solved_cells, written
from blindgrade.authoring.regions import RegionError
from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Exercise, Lesson
from blindgrade.release.course_tree import look_files
from blindgrade.release.wheel import engine_wheel
from blindgrade.systems.nbgrader.names import grade_id, solution_id

PRIVATE = True  # source/ contains the solutions

SCHEMA_VERSION = 3
# nbgrader removes the text between these markers. It refuses such a cell if our preprocessor did not remove it before.
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
PUBLIC_COURSE = "public_course"  # folder beside the notebook: a released course with what the public checks need

CONFIG = '''"""Settings of nbgrader for this course: blindgrade grades the submissions in its sandbox.

`course release --as nbgrader` made this file. Run nbgrader and `jupyter server` in this folder, so that they read it.
"""

import os

from blindgrade.systems.nbgrader import preprocessors as nbgrader_plugin

c = get_config()  # noqa: F821  # nbgrader's own function
c.CourseDirectory.course_id = {course_id!r}
nbgrader_plugin.configure(c, course=os.environ.get("BLINDGRADE_COURSE") or {root!r})
'''

GRADE_CELL = """# {title}: {points:g} points. The grader runs all of its checks; this cell runs the public ones.
import blindgrade.systems.nbgrader.notebook_check

blindgrade.systems.nbgrader.notebook_check.check("{id}", globals(), course="{course}")"""


def files(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files of the course directory: relative path → content.

    Every lesson is released whole, even if only some of its exercises were named. Raises CourseError if a lesson has no
    solution or an exercise has no cell of its own.
    """
    root = str(catalog.root)
    wheel, engine = engine_wheel()
    found = {
        "nbgrader_config.py": CONFIG.format(course_id=_course_id(catalog), root=root).encode(),
        f"vendor/{wheel}": engine,
    }
    if packages := catalog.course.environment.packages:
        about = "# Packages of this course, for the kernels of students and for the machines that grade."
        found["requirements.txt"] = "\n".join([about, *packages, ""]).encode()
    for target in targets:
        folder = f"source/{target.files.entry.id}"
        text = written(notebook_cells(target.files, target.lesson))
        found[f"{folder}/{target.files.module}.ipynb"] = text.encode()
        for name, content in target.files.shared.contents().items():
            found[f"{folder}/{name}"] = content
        for path, content in _public_course(catalog, target).items():
            found[f"{folder}/{PUBLIC_COURSE}/{path}"] = content
    return found


def notebook_cells(lesson_files: LessonFiles, lesson: Lesson) -> list[dict[str, Any]]:
    """Cells of the source notebook, with nbgrader's metadata and a grade cell after each exercise."""
    name = str(lesson_files.solution.relative_to(lesson_files.root))
    try:
        source = solved_cells(lesson_files.solution.read_text(encoding="utf-8"), name)
    except FileNotFoundError:
        raise CourseError(
            f"{lesson_files.solution} is missing; release from the course that has the solutions"
        ) from None
    except (CellError, RegionError) as error:
        raise CourseError(str(error)) from None
    defines = {exercise.defines: exercise for exercise in lesson.exercises}
    waiting = dict(defines)
    cells: list[dict[str, Any]] = []
    for cell in source:
        if SOLUTION_ONLY in cell["metadata"].get("tags", ()):
            cells.append({**cell, "source": [f"{HIDDEN[0]}\n", *cell["source"], f"\n{HIDDEN[1]}"]})
            continue
        here = [waiting.pop(n) for n in _defined(cell) if n in waiting]
        if len(here) > 1:
            raise CourseError(f"{name}: {here[0].name} and {here[1].name} share a cell; give each a cell of its own")
        cells += [_solution_cell(cell, here[0]), _grade_cell(lesson, here[0])] if here else [cell]
    if waiting:
        raise CourseError(f"{name} defines no `{next(iter(waiting))}`; correct it, or lesson.toml")
    return cells


def _defined(cell: dict[str, Any]) -> list[str]:
    if cell["cell_type"] != "code":
        return []
    body = ast.parse("".join(cell["source"])).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _solution_cell(cell: dict[str, Any], exercise: Exercise) -> dict[str, Any]:
    marks = _marks(solution_id(exercise.name), grade=False, solution=True, locked=False)
    return {**cell, "metadata": {**cell["metadata"], "nbgrader": marks}}


def _grade_cell(lesson: Lesson, exercise: Exercise) -> dict[str, Any]:
    text = GRADE_CELL.format(
        title=exercise.title, points=exercise.points, id=f"{lesson.id}/{exercise.name}", course=PUBLIC_COURSE
    )
    marks = _marks(grade_id(exercise.name), grade=True, solution=False, locked=True)
    return {
        "cell_type": "code", "id": grade_id(exercise.name).replace("_", "-")[:64], "execution_count": None,
        "outputs": [], "metadata": {"nbgrader": {**marks, "points": exercise.points}},
        "source": re.findall(r"[^\n]*\n|[^\n]+", text),
    }  # fmt: skip


def _marks(cell_id: str, **kinds: bool) -> dict[str, Any]:
    """Metadata of nbgrader for a cell. nbgrader refuses unknown keys, so it must have no others."""
    return {"grade_id": cell_id, "schema_version": SCHEMA_VERSION, "task": False, **kinds}


def _public_course(catalog: Catalog, target: Target) -> dict[str, bytes]:
    """Files that the public checks need in a student's folder: the released course of this lesson."""
    wanted = [catalog.root / "course.toml", target.files.spec, target.files.public_checks, target.files.answer_key]
    earlier = {need.split("/")[0] for e in target.lesson.exercises for need in e.requires if "/" in need}
    wanted += [catalog.files(lesson).spec for lesson in sorted(earlier)]  # the catalog reads what a lesson requires
    try:
        found = {path.relative_to(catalog.root).as_posix(): path.read_bytes() for path in wanted}
    except FileNotFoundError as error:
        raise CourseError(f"{error.filename} is missing; run `course build`") from None
    return {**found, **look_files(catalog)}


def _course_id(catalog: Catalog) -> str:
    """The course's title in the form that nbgrader accepts: without spaces and plus signs."""
    return re.sub(r"[^a-z0-9]+", "-", catalog.course.title.lower()).strip("-") or "course"
