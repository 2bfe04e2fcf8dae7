"""What everything that is written as HTML shares: one environment of templates, and how a stylesheet gets into a page.

Whatever is written into a template goes through `shown` and is escaped, a student's text and the course's alike.
`templates/palette.css` has the colours, `base.css` what all pages look like, `base.html` what stands around them.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from blindgrade.places import Place
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.safe import shown

HERE = "blindgrade.render.html"
CODE = re.compile(r"`([^`\n]+)`")


def filled(template: str | Template, *, stylesheet: str = "", package: str = HERE, **values: Any) -> str:
    """The template filled in, as `style` its stylesheet and as `style_digest` what a policy may admit it by.

    A template of `package` may extend and include those of this one; it is found before them.
    """
    environment = _environment(package)
    # Our own file: text in CSS is never a student's.
    style = Markup(environment.get_template(stylesheet).render() if stylesheet else "")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(style=style, style_digest=digest, **values)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, HERE))]),
        # Said outright: what the default would escape depends on a file's name.
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"figure": _figure, "moment": _moment, "points": points, "prose": _prose}
    environment.globals |= {"signs": SIGNS, "percent": _percent}
    return environment


def _shown(value: Any) -> Any:
    """Every text on its way into a page, but for what was escaped before."""
    if isinstance(value, Place):
        return shown(str(value))
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """Text with `code` marked as code; escaped first, so the marks are the only tags."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(shown(text)))))  # escaped just here


def _percent(earned: float, of: float) -> str:
    return f"{100 * min(max(earned / of, 0.0), 1.0) if of else 0.0:.1f}"


def _figure(value: float | int) -> str:
    """A statistic: a small one keeps one digit that says something."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.005 else f"{value:.1g}"


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return text
