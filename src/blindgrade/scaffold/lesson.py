"""`course new-lesson`: a lesson in the table of contents, with its four files and an example to overwrite."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from blindgrade.catalog import Catalog
from blindgrade.course import LessonEntry
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Kind
from blindgrade.scaffold.contents import with_concept, with_lesson, with_module
from blindgrade.scaffold.filling import ScaffoldError, filled, write_new, write_over
from blindgrade.scaffold.parts import LessonTexts, example_parts
from blindgrade.shared_files import SharedFiles

SLUG = re.compile(r"[a-z][a-z0-9_]*")
# A student's module of this name would hide the one that lessons and grader import.
TAKEN = sys.stdlib_module_names | {"blindgrade", "grader_toys", "jaxtyping", "numpy", "torch", "toys"}
EXAMPLE = "center_rows"


@dataclass(frozen=True)
class NewLesson:
    """A lesson that is to be: its entry, its module, and the text of course.toml with both."""

    files: LessonFiles
    contents: str
    concept: str


def plan_lesson(catalog: Catalog, slug: str, title: str = "", module: str = "", module_title: str = "") -> NewLesson:
    """The lesson with the next free id of its module; the last module by default. ScaffoldError for a bad name."""
    taken = TAKEN | SharedFiles(catalog.root / "exercises").modules.keys()
    if not SLUG.fullmatch(slug) or keyword.iskeyword(slug) or slug in taken:
        known = " and is the name of a Python module" if slug in taken else ""
        raise ScaffoldError(
            f"{slug!r} cannot name a lesson's file{known}; use small letters, digits and _, as in two_lines"
        )
    if any(entry.slug == slug for entry in catalog.entries):
        raise ScaffoldError(f"the course has a lesson {slug} already; choose another name")
    modules = [one.id for one in catalog.course.modules]
    module = module.removeprefix("lesson-") or modules[-1]
    if not re.fullmatch(r"\d+(\.\d+)*", module):
        raise ScaffoldError(f"{module!r} is not a module's id; write numbers with points, as in 1.2")
    title = title or slug.replace("_", " ").capitalize()
    text = (catalog.root / "course.toml").read_text(encoding="utf-8-sig")
    if module not in modules:
        text = with_module(text, module, module_title or f"Module {module}")
        modules.append(module)
    last = [int(e.id.rpartition(".")[2]) for e in catalog.entries if e.id.rpartition(".")[0] == f"lesson-{module}"]
    entry = LessonEntry(id=f"lesson-{module}.{max(last, default=0) + 1}", slug=slug, title=title)
    text = with_lesson(text, modules.index(module), entry)
    concept = slug.replace("_", "-")
    if concept in {one.id for one in catalog.course.concepts}:
        concept = f"{concept}-{entry.id.removeprefix('lesson-').replace('.', '-')}"
    return NewLesson(LessonFiles(catalog.root, entry), with_concept(text, concept, title, entry.id), concept)


def new_lesson(catalog: Catalog, plan: NewLesson) -> list[str]:
    """Write the lesson with an example; return the paths that were written."""
    example = example_parts(EXAMPLE, "Center the rows", Kind.FUNCTION, 100, plan.concept)
    return write_lesson(catalog, plan, empty_lesson(plan).plus(example))


def write_lesson(catalog: Catalog, plan: NewLesson, texts: LessonTexts) -> list[str]:
    """Write these files and course.toml; return the paths. ScaffoldError if a file exists; then nothing is written."""
    written = write_new(catalog.root, texts.to_write(plan.files))
    return [*write_over(catalog.root, {"course.toml": plan.contents}), *written]


def empty_lesson(plan: NewLesson) -> LessonTexts:
    """Texts of the lesson before its first exercise."""
    texts = filled("lesson", {"title": plan.files.entry.title, "id": plan.files.entry.id})
    return LessonTexts(texts["solution.py"], texts["lesson.toml"], texts["checks.py"], texts["known_answers.py"])
