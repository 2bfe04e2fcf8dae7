"""Shared parts of all HTML pages: the environment of the templates, and the stylesheet in a page.

All text in a template goes through `shown` and is escaped: a student's text and the course's.
`templates/palette.css` has the colours, `base.css` the style of all pages, `base.html` their frame.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from blindgrade.catalog import CourseError
from blindgrade.places import Place
from blindgrade.render.html.loading import added
from blindgrade.render.html.look import PLAIN, Look
from blindgrade.render.html.overrides import PACKAGED, OwnTemplates, faults, names_in, where_raised
from blindgrade.render.html.theme import Theme
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.safe import shown
from blindgrade.render.sentences import joined

HERE = "blindgrade.render.html"
PACKAGE_OF = {"cohort.html": "blindgrade.cohort_report"}  # pages with their own package
INSTEAD = "The packaged template is used instead."
BEFORE_POLICY = re.compile(
    r'<!DOCTYPE html>\n<html lang="[\w-]+">\n<head>\n<meta charset="utf-8">\n'
    r'<meta http-equiv="Content-Security-Policy" content="'
)
STYLE_ALONE = "<style></style>"
CODE = re.compile(r"`([^`\n]+)`")


def filled(
    template: str | Template,
    *,
    stylesheet: str = "",
    package: str = HERE,
    look: Look = PLAIN,
    inline_styles: bool = False,
    whole: bool = True,
    **values: Any,
) -> str:
    """Page from a template, with the course's theme and templates. If one is broken, warn and use the packaged one.

    A template of `package` may extend and include those of this package; it is found first. It gets its stylesheet
    as `style` and what the page may load as `policy`: this stylesheet by its digest, with `inline_styles` any style,
    and pictures that the page itself holds. `whole` is False for a piece of another page, which has no policy.
    """
    packaged = _environment(package)
    # Stylesheets are files of this package and of the course. They never contain a student's text.
    style = Markup(packaged.get_template(stylesheet).render(theme=look.theme) if stylesheet else "")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    sources = "'unsafe-inline'" if inline_styles else f"'sha256-{digest}'"
    # The policy contains no student's text either.
    policy = Markup(f"default-src 'none'; style-src {sources}; img-src data:; base-uri 'none'; form-action 'none'")
    values |= {"style": style, "style_digest": digest, "policy": policy}
    if isinstance(template, str) and look.templates is not None and names_in(look.templates):
        page = _overridden(template, package, look.templates, look, values)
        if page is not None and whole and not _keeps_policy(page, style, policy):
            look.warn(f"{look.shown}: {template} lacks the policy or the stylesheet of {PACKAGED}base.html. They keep a"
                      f" page from loading files; put them back. {INSTEAD}")  # fmt: skip
            page = None
        if page is not None and (more := added(page, _frame(package) if whole else STYLE_ALONE)):
            look.warn(
                f"{look.shown}: {template} has {more[0]}, which would load or run something; take it out. {INSTEAD}"
            )
            page = None
        if page is not None:
            return page
    return packaged.get_template(template).render(values)


def _overridden(template: str, package: str, folder: Path, look: Look, values: dict[str, Any]) -> str | None:
    """Page from the course's templates. If one of them is broken, warn and return None."""
    environment = _environment(package, folder)
    stamps = tuple((name, (folder / name).stat().st_mtime_ns) for name in names_in(folder))
    if fault := _first_fault(template, package, folder, look.shown, stamps):
        look.warn(joined(fault, INSTEAD))
        return None
    try:
        return environment.get_template(template).render(values)
    except Exception as error:  # an expression in a template can raise any error
        sentence = str(error) or type(error).__name__  # a MemoryError has no text
        look.warn(joined(f"{where_raised(error, folder, look.shown)}: {sentence}", INSTEAD))
        return None


@lru_cache(maxsize=32)
def _first_fault(template: str, package: str, folder: Path, shown: str, stamps: tuple[tuple[str, int], ...]) -> str:
    """First fault of the course's templates; "" without one. A cohort's pages share it while no file has changed."""
    return next((str(fault) for fault in faults(_environment(package, folder), folder, template, shown)), "")


def _keeps_policy(page: str, style: str, policy: str) -> bool:
    head = BEFORE_POLICY.match(page)
    if head is None or f"<style>{style}</style>" not in page:
        return False
    return page.startswith(f'{policy}">', head.end())


@cache
def _frame(package: str) -> str:
    """What stands around every page, not filled in."""
    loader = _environment(package).loader
    assert loader is not None
    return loader.get_source(_environment(package), f"{PACKAGED}base.html")[0]


def check_templates(folder: Path, shown: str) -> None:
    """Raise CourseError for the first fault of the course's templates that is visible without rendering."""
    for name in names_in(folder):
        package = PACKAGE_OF.get(name, HERE)
        for fault in faults(_environment(package, folder), folder, name, shown):
            raise CourseError(joined(str(fault), "Correct the template."))


@cache
def _environment(package: str, folder: Path | None = None) -> Environment:
    packaged = ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, HERE))])
    own = [OwnTemplates(folder)] if folder is not None else []
    environment = Environment(
        loader=ChoiceLoader([*own, PrefixLoader({PACKAGED.rstrip("/"): packaged}), packaged]),
        # Explicit, because the default escapes only files with certain names.
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"figure": _figure, "moment": _moment, "points": points, "prose": _prose}
    del environment.filters["safe"]  # it would let a student's text become markup
    environment.globals |= {"signs": SIGNS, "percent": _percent, "theme": Theme()}
    return environment


def _shown(value: Any) -> Any:
    """Text for a page, unless it was escaped before."""
    if isinstance(value, Place):
        return shown(str(value))
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Text with `code` marked as code. It is escaped first, so the marks are the only tags."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(shown(text)))))  # escaped in this line


def _percent(earned: float, of: float) -> str:
    return f"{100 * min(max(earned / of, 0.0), 1.0) if of else 0.0:.1f}"


def _figure(value: float | int) -> str:
    """Text of a statistic. A small number keeps one digit that is not 0."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.1g}"


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return text
