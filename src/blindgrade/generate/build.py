"""Generated files of each lesson: stub, notebook, public checks and answer key."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from blindgrade.authoring.cells import CellError
from blindgrade.authoring.notebook import notebook_text
from blindgrade.authoring.regions import RegionError
from blindgrade.authoring.stub import stub_text
from blindgrade.catalog import Catalog, CourseError, Target, Unfinished, need_packages
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.slices import MAIN, TOYS
from blindgrade.generate.answer_keys import is_current, key_text, recorded_key
from blindgrade.generate.coverage_page import PAGE, coverage_page
from blindgrade.generate.definitions import check_definitions
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Lesson


def build(catalog: Catalog, ids: Iterable[str], *, check: bool, unfinished: Unfinished | None = None) -> list[str]:
    """Write the generated files that are out of date; return their paths relative to the course.

    A course that has the page of coverage gets it anew, too. With `check`, write nothing. A lesson that cannot be built
    raises CourseError, or it is given to `unfinished` and the others are built.
    """
    changed: list[str] = []
    left_out: list[str] = []

    def leave_out(lesson: str, error: CourseError) -> None:
        if unfinished is None:
            raise error
        left_out.append(lesson)
        unfinished(lesson, error)

    targets = catalog.find(ids, leave_out)
    need_packages(targets)  # answer keys are results of the solution
    for target in targets:
        try:
            changed += _build_lesson(catalog.root, target, check)
        except CourseError as error:
            leave_out(target.files.entry.id, error)
    page = catalog.root / PAGE
    if not left_out and page.is_file() and page.read_text(encoding="utf-8") != (text := coverage_page(catalog)):
        changed.append(PAGE)
        if not check:
            page.write_text(text, encoding="utf-8")
    return changed


def _build_lesson(root: Path, target: Target, check: bool) -> list[str]:
    changed: list[str] = []
    for path, text in _texts(target.files, target.lesson):
        old = path.read_text(encoding="utf-8") if path.is_file() else None
        if old != text:
            changed.append(str(path.relative_to(root)))
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and str(target.files.public_checks.relative_to(root)) in changed:
        return changed  # the key belongs to the public checks, so it is out of date with them
    fresh = recorded_key(target.files, target.lesson)
    if not is_current(target.files, target.lesson, fresh):
        changed.append(str(target.files.answer_key.relative_to(root)))
        if not check:
            target.files.answer_key.write_text(key_text(fresh), encoding="utf-8")
    return changed


def _texts(files: LessonFiles, lesson: Lesson) -> Iterator[tuple[Path, str]]:
    name = str(files.solution.relative_to(files.root))
    try:
        source = files.solution.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(
            f"{files.solution} is missing; write it, or give the lesson the status planned in course.toml"
        ) from None
    try:
        yield files.stub, stub_text(source, name)
        yield files.notebook, notebook_text(source, name)
    except (CellError, RegionError) as error:
        raise CourseError(str(error)) from None
    check_definitions(files, lesson, source)
    yield files.public_checks, public_checks_text(LessonChecks(files, lesson, files.private_checks))


def public_checks_text(checks: LessonChecks) -> str:
    """Text of the public checks, with the toys that they use in the same file."""
    names = [check.name for check in checks.all if check.public]
    parts = checks.slicer.cut(names, decorators=True)
    main = parts.pop(MAIN, "")
    imports: dict[str, set[str]] = {}
    # By name: the order of the parts is that of a set, which differs from run to run.
    bodies = [_without_imports(text, imports) for text in (*(parts[name] for name in sorted(parts)), main)]
    header = f'"""Public checks of {checks.lesson.id}: {checks.lesson.title}. Made by `course build`; do not edit."""'
    lines = [f"import {name}" for name in sorted(imports.pop("", ()))]
    lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items())]
    body = _single_blank_lines("\n\n".join(bodies))
    return "\n".join([header, "", "from __future__ import annotations", "", *lines, "", "", body, ""])


def _without_imports(text: str, imports: dict[str, set[str]]) -> str:
    """Text without its imports. They are added to `imports`: module → names ("" for imported modules themselves).

    Several files become one. So a name that two of them import must be imported once, above both.
    """
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.split(".")[0] not in (TOYS, "__future__"):
                imports.setdefault(module, set()).update(ast.unparse(alias) for alias in node.names)
    return "\n".join(lines)


def _single_blank_lines(text: str) -> str:
    out: list[str] = []
    for line in text.splitlines():
        if line.strip() or (out and out[-1].strip()):
            out.append(line.rstrip())
    return "\n".join(out).strip()
