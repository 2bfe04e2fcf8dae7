"""Replies as the compressed text of an answer key."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from blindgrade.checks import Check
from blindgrade.engine.answers.exact import Digest, Keyed
from blindgrade.engine.wire import frames, replies
from blindgrade.engine.wire.replies import Answer, Raised, Result

LARGEST = 64 << 20  # bytes of one text when it is unpacked

Packed = Answer | Digest | Keyed


def text(raw: bytes, shared: bytes = b"") -> str:
    """Compressed text of the bytes. What they share with `shared` costs next to nothing."""
    packer = zlib.compressobj(9, zdict=shared) if shared else zlib.compressobj(9)
    return base64.b64encode(packer.compress(raw) + packer.flush()).decode()


def raw(packed: str, shared: bytes = b"") -> bytes:
    """Inverse of `text`. ValueError if the text is damaged."""
    unpacker = zlib.decompressobj(zdict=shared) if shared else zlib.decompressobj()
    try:
        return unpacker.decompress(base64.b64decode(packed, validate=True), LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from None


def packed(one: Packed) -> bytes:
    """Frame of one reply."""
    return frames.encode(_data(one))


def unpacked(frame: bytes, salt: str) -> Packed:
    """Inverse of `packed`. WireError if the frame has no reply."""
    return _reply(frames.unpack(frame), salt)


def packed_all(by_name: Mapping[str, Packed]) -> bytes:
    """Frame of the replies of several misconceptions."""
    return frames.encode({name: _data(one) for name, one in by_name.items()})


def unpacked_all(frame: bytes, salt: str) -> dict[str, Packed]:
    """Inverse of `packed_all`. WireError if the frame has something else."""
    return {name: _reply(data, salt) for name, data in frames.unpack(frame).items()}


def shortened(reply: Answer, salt: str) -> Packed | None:
    """What a key keeps of a misconception's reply: a digest if it is exact, of an error only its type; None if nothing.

    An error's message and places are left out, because they are of private code.
    """
    if isinstance(reply, Raised):
        return Raised(reply.type, "")
    if isinstance(reply, Result):
        return Digest.of(reply.value, salt) or reply
    return None


def salt_of(check: Check) -> str:
    """Salt of the check's digests. Each case has its own, made of this one and the case's name."""
    return f"{check.exercise}/{check.name}"


def _data(one: Packed) -> Any:
    if isinstance(one, Digest):
        return {"kind": "digest", "text": one.text}
    if isinstance(one, Keyed):
        return {"kind": "keyed", "tree": one.tree}
    return replies.sent(one)


def _reply(data: Any, salt: str) -> Packed:
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "digest":
        return Digest(salt, str(data["text"]))
    if kind == "keyed":
        return Keyed(salt, data["tree"])
    return replies.answer_of(data)
