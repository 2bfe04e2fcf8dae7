"""Error of a roster."""

from __future__ import annotations


class RosterError(Exception):
    """The roster cannot be used. The message names the file and says what to do."""
