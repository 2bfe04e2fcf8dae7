"""Files that `grade` writes beside its screen, for programs that do not read JSON of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from blindgrade.models import Grading
    from blindgrade.render.links import Places

FORMATS = ("junit", "sarif", "summary")


def options(command: Any) -> Any:
    """The decorator that gives a command an option for each format."""
    path = click.Path(path_type=Path, dir_okay=False)
    for name, text in (
        ("summary", "Also write Markdown for the page of a CI job; $GITHUB_STEP_SUMMARY is appended to."),
        ("sarif", "Also write SARIF, by which editors and code scanning underline."),
        ("junit", "Also write JUnit XML."),
    ):
        command = click.option(f"--{name}", type=path, metavar="FILE", help=text)(command)
    return command


def write(grading: Grading, places: Places, files: dict[str, Path | None]) -> None:
    """Write the files that were asked for. OSError if one cannot be."""
    for name, path in files.items():
        if path is None:
            continue
        if path.parent != Path():
            path.parent.mkdir(parents=True, exist_ok=True)
        # Other steps of the job may have written to the summary before.
        append = name == "summary" and str(path) == os.environ.get("GITHUB_STEP_SUMMARY")
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(_text(name, grading, places))


def _text(name: str, grading: Grading, places: Places) -> str:
    from blindgrade.render.text.findings import findings
    from blindgrade.render.text.junit import as_junit
    from blindgrade.render.text.sarif import as_sarif
    from blindgrade.render.text.summary import as_summary

    if name == "junit":
        return as_junit(grading, places)
    return as_sarif(findings(grading, places)) if name == "sarif" else as_summary(grading)
