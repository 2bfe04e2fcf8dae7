"""Coverage-guided fuzzing of what a worker may send: `make fuzz`, or python tests/fuzz/wire.py -max_total_time=600.

Every input is taken as a frame's header with a body, as a whole frame and as a stream; what decodes is judged as a
reply to a check. Anything but a WireError is a finding, as is an input that takes over 5 s or 2 GiB. Findings are
written to the current folder; each becomes a case in tests/engine/wire/ or tests/engine/judging/.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["blindgrade"]):
    import torch

    from blindgrade.checks import Check
    from blindgrade.engine.judging.judging import judge, same
    from blindgrade.engine.submission.lines import trace_of
    from blindgrade.engine.wire import channel, frames
    from blindgrade.engine.wire.replies import Result, answer_of

BODY = bytes(range(256)) * 16
EXPECTED: list[Any] = [
    torch.zeros(2, 3), {"a": torch.ones(1), "b": [1, 2.5, "x"]}, (1, None, True), [torch.arange(3), float("nan")],
]  # fmt: skip
CHECK = Check("e", "c", "It is so.", lambda lesson, rng: None, public=True)


class _Bytes:
    """As much of a socket as a FrameReader asks for."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv(self, size: int) -> bytes:
        piece, self.data = self.data[:size], self.data[size:]
        return piece


def _judge(value: Any) -> None:
    for kind in ("result", "raised"):
        try:
            reply = answer_of(value if isinstance(value, dict) and "kind" in value else {"kind": kind, "value": value})
        except frames.WireError:
            continue
        for expected in EXPECTED:
            reference = Result(expected)
            judge(CHECK, reply, reference, 7, trace=trace_of(reply))
            same(CHECK, reply, reference)


def one(data: bytes) -> None:
    """Try one input in each of its readings."""
    at = max(data.find(b"\n"), 0)
    tree = json.dumps(_tree(atheris.FuzzedDataProvider(data))).encode()
    for read in (
        lambda: frames.decode(tree, bytearray(BODY)),
        lambda: frames.decode(data, bytearray(BODY)),
        lambda: frames.decode(data[:at], bytearray(data[at + 1 :])),
        lambda: frames.unpack(data),
        lambda: frames.unpack(frames.PREFIX.pack(frames.MAGIC, at, len(data) - at) + data),
        lambda: _stream(data),
    ):
        try:
            value = read()
        except frames.WireError:
            continue
        _judge(value)


TAGS = ["t", "d", "u", "f", "b", "o", "x", ""]
WORDS = ["kind", "value", "result", "raised", "loaded", "broken", "unsendable", "message", "type", "frames", "own"]
WORDS += ["missing", "problems", "line", "nan", "inf", "-inf", "a", "b", *frames.ITEM_SIZES]
EDGES = [0, 1, 2, 3, 4, 8, 16, 24, 4096, 4097, -1, 1 << 31, (1 << 63) - 1, 1 << 63, 1 << 200]


def _tree(bits: atheris.FuzzedDataProvider, depth: int = 0) -> Any:
    """A header's tree, built from the input's bits, so that most inputs reach past the JSON reader."""
    choice = bits.ConsumeIntInRange(0, 9 if depth < 6 else 5)
    if choice == 0:
        return bits.PickValueInList([None, True, False, 0.5, 1e308, -0.0])
    if choice in (1, 2):
        return bits.PickValueInList(EDGES)
    if choice in (3, 4):
        return bits.PickValueInList(WORDS)
    if choice == 5:
        return bits.ConsumeUnicode(8)
    if choice == 6:
        return [_tree(bits, depth + 1) for _ in range(bits.ConsumeIntInRange(0, 5))]
    if choice == 7:
        shape = [bits.PickValueInList(EDGES[:8]) for _ in range(bits.ConsumeIntInRange(0, 4))]
        dtype = bits.PickValueInList(list(frames.ITEM_SIZES))
        size = bits.PickValueInList(EDGES) if bits.ConsumeBool() else _size(shape, frames.ITEM_SIZES[dtype])
        return {"t": [dtype, shape, 16 * bits.ConsumeIntInRange(0, 300), size]}
    if choice == 8:
        return {
            "d": [[bits.PickValueInList(WORDS), _tree(bits, depth + 1)] for _ in range(bits.ConsumeIntInRange(0, 6))]
        }
    return {bits.PickValueInList(TAGS): _tree(bits, depth + 1)}


def _size(shape: list[int], item: int) -> int:
    size = item
    for extent in shape:
        size *= extent
    return size


def _stream(data: bytes) -> Any:
    reader = channel.FrameReader()
    sock = _Bytes(data)
    while not reader.feed(sock):  # type: ignore[arg-type]
        pass
    return reader.value()


SEEDS = [
    frames.encode({"kind": "result", "value": one})[frames.PREFIX.size :] for one in EXPECTED
] + [
    b'{"d":[["kind","raised"],["type","E"],["message","m"],["frames",[["f.py",1,"f"]]],["own",true],["missing",null]]}',
    b'{"t":["float32",[2,3],0,24]}', b'{"u":[{"f":"nan"},{"o":"X"},{"b":[0,4]}]}',
]  # fmt: skip


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if not a.startswith("--corpus=")]
    corpus = next((a.removeprefix("--corpus=") for a in sys.argv if a.startswith("--corpus=")), "")
    if corpus:
        from pathlib import Path

        Path(corpus).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        arguments.append(corpus)
    atheris.Setup([sys.argv[0], "-timeout=5", "-rss_limit_mb=2048", "-max_len=4096", *arguments], one)
    atheris.Fuzz()
