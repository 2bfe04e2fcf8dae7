"""What can be wrong with a roster."""

from __future__ import annotations


class RosterError(Exception):
    """The roster cannot be used; the message names the file and what to do."""
