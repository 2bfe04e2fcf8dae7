"""`--as repository`: a student's repository. It installs and grades without a server of the course or a network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blindgrade.catalog import Catalog, CourseError, Target
from blindgrade.release.course_tree import public_files
from blindgrade.release.torch_bound import torch_bound
from blindgrade.release.wheel import engine_wheel
from blindgrade.render.sentences import joined

PRIVATE = False
PACKAGED = Path(__file__).parent / "student_template"


def files(catalog: Catalog, targets: list[Target]) -> dict[str, bytes]:
    """Files of the repository: the public course, the filled templates, and the engine's wheel in vendor/.

    A file of the course's own `student_template/` replaces the packaged template of the same name.
    """
    wheel, content = engine_wheel()
    made = {f"vendor/{wheel}": content, **public_files(catalog, targets)}
    templates = {**_templates(PACKAGED), **_templates(catalog.student_template)}
    around = _filled(templates, _context(catalog, targets, wheel))
    _installs_packages(catalog, around)
    twice = sorted(around.keys() & made.keys())
    if twice:
        raise CourseError(f"{catalog.student_template / twice[0]} has the name of a file of the course; rename it")
    return {**made, **around}


def _templates(folder: Path) -> dict[str, Path]:
    """Files of the folder by the names that they get; none if the folder is missing.

    `.j2` is removed from a name; it keeps other tools from reading a template.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix().removesuffix(".j2"): path for path in paths}


def _filled(templates: Mapping[str, Path], context: dict[str, Any]) -> dict[str, bytes]:
    from jinja2 import Environment, StrictUndefined, TemplateError

    # The results are Markdown, TOML, YAML and JSON, never HTML. So nothing is escaped; a JSON template uses `tojson`.
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    made = {}
    for name, path in sorted(templates.items()):
        try:
            made[name] = environment.from_string(path.read_text(encoding="utf-8")).render(context).encode()
        except (TemplateError, UnicodeDecodeError) as error:
            line = f":{error.lineno}" if getattr(error, "lineno", None) else ""  # type: ignore[union-attr]  # getattr found it
            raise CourseError(joined(f"{path}{line}: {error}", "Correct the template.")) from None
    return made


def _installs_packages(catalog: Catalog, around: dict[str, bytes]) -> None:
    """CourseError if the course adds packages, and no file of the template would install them."""
    listed = around.get("requirements.txt", b"").decode().split("\n")
    for package in catalog.course.environment.packages:
        if package not in listed:
            raise CourseError(
                f"{catalog.student_template / 'requirements.txt'} does not install {package} of course.toml; add the"
                " lines `{% for package in packages %}`, `{{ package }}` and `{% endfor %}` to it"
            )


def _context(catalog: Catalog, targets: list[Target], wheel: str) -> dict[str, Any]:
    """Variables of a template."""
    course = catalog.course
    released = {target.files.entry.id: target for target in targets}
    modules = [m for m in course.modules if any(e.id in released for e in m.lessons)]
    return {
        "course": course,
        "name": re.sub(r"[^a-z0-9]+", "-", course.title.lower()).strip("-") or "course",
        "modules": modules,
        "lessons": [{"files": t.files, "spec": t.lesson} for t in targets],
        "first": f"lesson-{modules[0].id}",
        "wheel": wheel,
        "packages": course.environment.packages,
        "torch": torch_bound(targets),
        "version": wheel.split("-")[1],
    }
