"""The folder of `--submitted`, for the commands that show marks."""

from __future__ import annotations

from pathlib import Path

from blindgrade.submitted import read_submitted


def submitted_at(path: Path | None) -> Path | None:
    """The folder that the user named, if it holds submissions. NoSubmissions if not."""
    if path is not None:
        read_submitted(path)
    return path
