"""Bytes that a worker and its grader exchange beside the frames, where a worker speaks over pipes."""

from __future__ import annotations

from blindgrade.engine.wire.frames import encode

# A worker writes it after its prints and before a reply: they come through another pipe, which may be slower.
REPLIED = b"\x00\x1ereplied\x1e\x00"
# The grader sends it where it cannot send a signal: the worker then writes where it is.
WHERE = encode({"op": "where"})
