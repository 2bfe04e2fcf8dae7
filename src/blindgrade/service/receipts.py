"""Receipts of submissions, signed with the service's secret; and digests that only this service can make."""

from __future__ import annotations

import hashlib
import hmac
import json

from blindgrade.submitting.wire_models import Receipt


def keyed(secret: bytes, *parts: object) -> bytes:
    """Digest of the parts that cannot be made without the secret."""
    return hmac.new(secret, json.dumps(parts).encode(), hashlib.sha256).digest()


def signed(
    secret: bytes, uuid: str, lesson: str, student: str, number: int, sha256: str, accepted_at: str
) -> Receipt:  # fmt: skip
    """Receipt with its signature."""
    signature = keyed(secret, "receipt", uuid, lesson, student, number, sha256, accepted_at).hex()
    return Receipt(
        uuid=uuid, lesson=lesson, student=student, number=number, sha256=sha256, accepted_at=accepted_at,
        signature=signature,
    )  # fmt: skip


def is_ours(secret: bytes, receipt: Receipt) -> bool:
    """Did this service sign the receipt?"""
    known = receipt.model_dump(exclude={"signature"})
    return hmac.compare_digest(signed(secret, **known).signature, receipt.signature)
