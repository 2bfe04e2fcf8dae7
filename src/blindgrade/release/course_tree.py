"""Files of a course that students may see: course.toml and the public folder of each released lesson."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from blindgrade.authoring.cells import CellError
from blindgrade.authoring.notebook import notebook_text
from blindgrade.authoring.regions import RegionError
from blindgrade.authoring.stub import stub_text
from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.course import Course
from blindgrade.lesson_files import LessonFiles

BARE = re.compile(r"[A-Za-z0-9_-]+")


def public_files(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files of the released course, without its private trees: relative path → content.

    The catalog reads this course like the whole one. Lessons outside `targets` are marked as unreleased. Raises
    CourseError if a file is missing or a generated file is out of date.
    """
    files = {"course.toml": course_toml(catalog.course, {t.files.entry.id for t in targets}).encode()}
    for target in targets:
        here = target.files
        check_drift(here)
        paths = [here.spec, here.stub, here.notebook, here.public_checks, here.answer_key, *here.shared.paths]
        for path in paths:
            if path.is_file():
                files[path.relative_to(catalog.root).as_posix()] = path.read_bytes()
            else:
                raise CourseError(f"{path} is missing; run `course build {here.entry.id}`")
    return {**files, **look_files(catalog)}


def look_files(catalog: Catalog) -> dict[str, bytes]:
    """The course's theme and templates, for pages that students make; CourseError for what would not work there."""
    from blindgrade.render.html.pages import check_templates
    from blindgrade.render.html.theme import read_theme

    read_theme(catalog.theme, catalog.theme.relative_to(catalog.root).as_posix())
    found = [catalog.theme] if catalog.theme.is_file() else []
    if catalog.page_templates.is_dir():
        check_templates(catalog.page_templates, catalog.page_templates.relative_to(catalog.root).as_posix())
        found += sorted(catalog.page_templates.rglob("*.html"))
    for path in found:
        if path.is_symlink():
            raise CourseError(f"{path} is a symbolic link, and a release must not follow it; put the file there")
    return {path.relative_to(catalog.root).as_posix(): path.read_bytes() for path in found}


def check_drift(files: LessonFiles) -> None:
    """Raise CourseError if stub or notebook differ from what the solution gives. An old one must not be released."""
    source, name = files.solution.read_text(encoding="utf-8"), str(files.solution.relative_to(files.root))
    try:
        made = {files.stub: stub_text(source, name), files.notebook: notebook_text(source, name)}
    except (CellError, RegionError) as error:
        raise CourseError(str(error)) from None
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            shown = path.relative_to(files.root)
            raise CourseError(f"{shown} is out of date; run `course build {files.entry.id}` and commit the result")


def course_toml(course: Course, released: set[str]) -> str:
    """Text of course.toml with every ready lesson outside `released` marked as unreleased. It has no comments."""
    data = course.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for module in data["module"]:
        for lesson in module["lesson"]:
            if lesson["id"] not in released and lesson.get("status") != "planned":
                lesson["status"] = "unreleased"
    header = "# The released part of the course. `grade` reads this file. `course release` made it."
    text = "\n".join([header, *toml_lines(data)])
    if tomllib.loads(text) != data:
        raise CourseError(
            "course.toml has a value that the release cannot write again; use only strings, numbers and lists"
        )
    return text + "\n"


def toml_lines(data: dict[str, Any], prefix: str = "") -> list[str]:
    """Lines of a TOML table. Plain values come first, because TOML requires it, then the tables in it."""
    lines, tables = [], []
    for key, value in data.items():
        # Without quotes, a key with a dot would be two keys: `due."lesson-7.2.1"`.
        key = key if BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        name = f"{prefix}{key}"
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                tables += ["", f"[[{name}]]", *toml_lines(one, f"{name}.")]
        elif isinstance(value, dict):
            tables += ["", f"[{name}]", *toml_lines(value, f"{name}.")]
        elif value is not None:
            # A JSON string, number or list of these is also TOML.
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return [*lines, *tables]
