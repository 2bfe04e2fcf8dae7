from __future__ import annotations

from ..desk import desk
from ..graded import scores, store

__all__ = ["desk", "scores", "store"]  # fixtures
