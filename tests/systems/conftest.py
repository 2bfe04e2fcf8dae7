from __future__ import annotations

from ..graded import scores, store

__all__ = ["scores", "store"]  # fixtures
