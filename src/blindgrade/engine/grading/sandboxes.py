"""Names of sandboxes that a command may ask for, and the tiers that each one admits."""

from __future__ import annotations

from typing import Literal

Sandbox = Literal["auto", "strict", "process", "namespaces", "landlock"]
ALLOWED: dict[str, list[str]] = {
    "auto": ["namespaces", "landlock", "process"],
    "strict": ["namespaces", "landlock"],
    **{tier: [tier] for tier in ("process", "namespaces", "landlock")},
}
