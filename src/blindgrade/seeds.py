"""Seeds of attempts. A seed is secret unless the user gives one."""

from __future__ import annotations

import secrets

MAX_SEED = 1 << 53  # every JSON reader reads smaller whole numbers exactly


def draw() -> int:
    """Secret random seed from 0 to `MAX_SEED` - 1."""
    return secrets.randbelow(MAX_SEED)
