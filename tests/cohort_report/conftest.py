from __future__ import annotations

from ..simulated import cohort, mini, pieces

__all__ = ["cohort", "mini", "pieces"]  # fixtures
