from __future__ import annotations

from ..desk import desk

__all__ = ["desk"]  # fixtures
