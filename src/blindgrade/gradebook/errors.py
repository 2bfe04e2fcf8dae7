"""What can be wrong with attempts, worksheets and gradebooks."""

from __future__ import annotations


class GradebookError(Exception):
    """The files or the database cannot be used; the message names which, and ends with what to do."""
