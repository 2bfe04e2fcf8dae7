"""Look of a course's pages: its theme and its templates. The packaged ones replace broken ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.render.html.overrides import unknown
from blindgrade.render.html.theme import Theme, ThemeError, read_theme
from blindgrade.render.sentences import joined


def to_stderr(message: str) -> None:
    """Print the message as a warning."""
    print(f"warning: {message}", file=sys.stderr)


@dataclass(frozen=True)
class Look:
    """A theme, the folder of the course's templates (None: only the packaged ones) and a function for warnings."""

    theme: Theme = field(default_factory=Theme)
    templates: Path | None = None
    shown: str = "reports/templates"
    warn: Callable[[str], None] = to_stderr


PLAIN = Look()


def look_of(catalog: Catalog, warn: Callable[[str], None] = to_stderr) -> Look:
    """Look of this course's pages. If the theme cannot be used, call `warn` and use no theme.

    A template that no page uses gets a warning too, because its name may be misspelt.
    """
    try:
        theme = read_theme(catalog.theme, _shown(catalog, catalog.theme))
    except ThemeError as error:
        warn(joined(str(error), "This page has blindgrade's own colours."))
        theme = Theme()
    folder = catalog.page_templates
    for fault in unknown(folder, _shown(catalog, folder)):
        warn(joined(str(fault)))
    return Look(theme, folder if folder.is_dir() else None, _shown(catalog, folder), warn)


def _shown(catalog: Catalog, path: Path) -> str:
    return path.relative_to(catalog.root).as_posix()
