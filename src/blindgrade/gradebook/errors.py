"""Error of attempts, worksheets and gradebooks."""

from __future__ import annotations


class GradebookError(Exception):
    """The files or the database cannot be used. The message names them and ends with what to do."""
