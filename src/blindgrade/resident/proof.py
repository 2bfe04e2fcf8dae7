"""Proof that both sides read the card of a resident that listens on a port. The token itself never crosses."""

from __future__ import annotations

import hmac


def proof(token: str, side: str, nonce: str) -> str:
    """Proof of one side for the other one's nonce; empty without a token: then the folder is the proof."""
    return hmac.new(token.encode(), f"{side}:{nonce}".encode(), "sha256").hexdigest() if token else ""


def holds(token: str, side: str, nonce: str, given: object) -> bool:
    """Whether this is the proof."""
    return isinstance(given, str) and hmac.compare_digest(proof(token, side, nonce).encode(), given.encode())
