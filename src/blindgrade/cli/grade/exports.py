"""Files that `grade` writes for programs that do not read its JSON: JUnit, SARIF and a summary."""

from __future__ import annotations

import os
from pathlib import Path

from blindgrade.models import Grading
from blindgrade.render.links import Links
from blindgrade.render.text.findings import findings
from blindgrade.render.text.junit import as_junit
from blindgrade.render.text.sarif import as_sarif
from blindgrade.render.text.summary import as_summary


def write(grading: Grading, links: Links, files: dict[str, Path | None]) -> None:
    """Write the requested files. OSError if a file cannot be written."""
    for name, path in files.items():
        if path is None:
            continue
        if path.parent != Path():
            path.parent.mkdir(parents=True, exist_ok=True)
        # Earlier steps of the job may have written to the summary.
        append = name == "summary" and str(path) == os.environ.get("GITHUB_STEP_SUMMARY")
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(_text(name, grading, links))


def _text(name: str, grading: Grading, links: Links) -> str:
    if name == "junit":
        return as_junit(grading, links)
    return as_sarif(findings(grading, links)) if name == "sarif" else as_summary(grading)
