"""Seeds of attempts: secret unless somebody gives one."""

from __future__ import annotations

import secrets

MAX_SEED = 1 << 53  # every JSON reader keeps smaller whole numbers exact


def draw() -> int:
    """A secret seed from 0 to `MAX_SEED` - 1."""
    return secrets.randbelow(MAX_SEED)
