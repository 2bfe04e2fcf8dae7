"""Frames that cross between grader and worker: JSON and raw tensor bytes with length limits, never code or pickles.

A frame is MAGIC, the lengths of header and body, the header (JSON) and the body (the raw bytes of its tensors and byte
strings). Everything that arrives from a worker is hostile until it is decoded. Lengths are checked before memory is
allocated, and shapes and dtypes before a tensor is made. Every fault raises the same error, `WireError`.

The worker imports this module, so it needs the standard library only. torch is imported where a tensor is touched.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from dataclasses import dataclass
from typing import Any

MAGIC = b"BG1\n"
PREFIX = struct.Struct("<4sIQ")
MAX_HEADER = 1 << 20  # bytes
MAX_BODY = 256 << 20  # bytes
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_DIMS = 16
MAX_TEXT = 64 << 10  # characters of one string
MAX_INT = 1 << 63
MAX_ARRAY = 10_000  # elements of a NumPy array that crosses as a list
ALIGNMENT = 16  # torch.frombuffer needs offsets that are multiples of the item's size

ITEM_SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex64": 8, "complex128": 16,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


class WireError(Exception):
    """The frame breaks the rules. Decoding raises no other error."""


@dataclass(frozen=True, eq=False)
class Opaque:
    """Placeholder for an object that is not data. Only its type's name crosses. It is equal only to itself."""

    type_name: str

    __hash__ = None  # type: ignore[assignment]  # it must not be a key of a dict

    def __eq__(self, other: object) -> bool:
        return self is other


class Array(list[Any]):
    """A NumPy array, received as a list. `form` describes the array: a message says what came."""

    form = ""


# ---------------------------------------------------------------- encoding


class _Encoder:
    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self.size = 0
        self.nodes = 0

    def tree(self, value: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if -MAX_INT <= value < MAX_INT else {"o": "int beyond 64 bits"}
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"f": repr(float(value))}
        if isinstance(value, str):
            return str(value)[:MAX_TEXT]
        if isinstance(value, bytes | bytearray):
            return {"b": self._bytes(bytes(value))}
        if isinstance(value, tuple):
            return {"u": [self.tree(item, depth + 1) for item in value]}
        if isinstance(value, list):
            return [self.tree(item, depth + 1) for item in value]
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"d": [[str(key), self.tree(item, depth + 1)] for key, item in value.items()]}
        plain = _plain(value)
        if plain is not value:
            return self._array(value, plain, depth) if isinstance(plain, list) else self.tree(plain, depth + 1)
        return self._tensor(value)

    def _array(self, value: Any, plain: list[Any], depth: int) -> Any:
        return {"a": [str(value.dtype), list(value.shape), self.tree(plain, depth + 1)]}

    def _tensor(self, value: Any) -> Any:
        import torch

        if isinstance(value, Opaque):
            return {"o": value.type_name}
        dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
        # A subclass may pretend to be anything, so only these two classes are treated as tensors.
        plain = type(value) in (torch.Tensor, torch.nn.Parameter) and value.layout == torch.strided
        if not plain or dtype not in ITEM_SIZES or value.device.type == "meta":
            return {"o": type(value).__name__[:200]}
        here = value.detach().resolve_conj().resolve_neg().cpu()
        if dtype == "bfloat16":  # NumPy has no bfloat16, so its bytes are sent as int16
            here = here.contiguous().view(torch.int16)
        return {"t": [dtype, list(value.shape), *self._bytes(here.numpy().tobytes())]}

    def _bytes(self, raw: bytes) -> list[int]:
        offset = self.size
        padding = -len(raw) % ALIGNMENT
        self.buffers += [raw, b"\0" * padding]
        self.size += len(raw) + padding
        if self.size > MAX_BODY:
            raise WireError(f"the value has more than {MAX_BODY >> 20} MiB of tensors")
        return [offset, len(raw)]


def _plain(value: Any) -> Any:
    """Python's value of a NumPy scalar or of a small NumPy array of numbers. Everything else is returned unchanged."""
    if type(value).__module__ != "numpy":
        return value
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.bool_ | numpy.integer | numpy.floating):
        item = numpy.generic.item(value)  # not value.item, which a subclass may replace
        return float(item) if isinstance(value, numpy.floating) else item
    if type(value) is numpy.ndarray and value.dtype.kind in "biuf" and value.size <= MAX_ARRAY:
        whole = value.astype(numpy.float64) if value.dtype.kind == "f" else value
        return whole.tolist()
    return value


def encode(value: Any) -> bytes:
    """Frame of the value. Objects that are not data become `Opaque`. WireError if it is too large or too deep."""
    encoder = _Encoder()
    header = json.dumps(encoder.tree(value), separators=(",", ":"), allow_nan=False).encode()
    if len(header) > MAX_HEADER:
        raise WireError(f"the value's description is over {MAX_HEADER >> 20} MiB")
    return b"".join([PREFIX.pack(MAGIC, len(header), encoder.size), header, *encoder.buffers])


# ---------------------------------------------------------------- decoding


class _Decoder:
    def __init__(self, body: bytearray) -> None:
        self.body = body
        self.nodes = 0

    def value(self, tree: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply or has too many parts")
        kind = type(tree)  # the exact types, because json made them
        if kind is dict and len(tree) == 1:
            ((tag, content),) = tree.items()
            return self._tagged(tag, content, depth)
        if kind is str:
            return _printable(tree)
        if kind is list:
            return [self.value(item, depth + 1) for item in tree]
        if kind is int:
            return _integer(tree, -MAX_INT, MAX_INT - 1)
        if kind is float or kind is bool or tree is None:
            return tree
        raise WireError("a part of an unknown kind")

    def _tagged(self, tag: str, content: Any, depth: int) -> Any:
        if tag == "t":
            return self._tensor(content)
        if tag == "d":
            return {self._key(key): self.value(item, depth + 1) for key, item in content}
        if tag == "u":
            return tuple(self.value(item, depth + 1) for item in content)
        if tag == "f":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
        if tag == "b":
            return bytes(self._span(*content))
        if tag == "a":
            return self._array(content, depth)
        if tag == "o":
            return Opaque(self._key(content)[:200])
        raise WireError("an unknown tag")

    def _array(self, content: Any, depth: int) -> Array:
        dtype, shape, items = content
        if len(shape) > MAX_DIMS or not isinstance(items, list):
            raise WireError("an array that is not a list")
        found = Array(self.value(items, depth + 1))
        sizes = ", ".join(str(_integer(n, 0, MAX_BODY)) for n in shape)
        found.form = (
            f"a NumPy array of shape ({sizes}{',' if len(shape) == 1 else ''}) and dtype {self._key(dtype)[:20]}"
        )
        return found

    def _key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise WireError("a key that is not a string")
        self.nodes += 1
        return _printable(key)

    def _within(self, offset: Any, size: Any) -> None:
        _integer(offset, 0, len(self.body))
        _integer(size, 0, len(self.body) - offset)

    def _span(self, offset: Any, size: Any) -> memoryview:
        self._within(offset, size)
        return memoryview(self.body)[offset : offset + size]

    def _tensor(self, content: Any) -> Any:
        import torch

        dtype, shape, offset, size = content
        item = ITEM_SIZES[dtype]
        if len(shape) > MAX_DIMS:
            raise WireError("too many dimensions")
        count = extent = 1
        for n in shape:
            count *= _integer(n, 0, MAX_BODY)
            extent *= n or 1
        # A zero-sized axis does not excuse the others: their product must still fit into memory.
        if extent > MAX_BODY or count * item != _integer(size, 0, MAX_BODY) or offset % ALIGNMENT:
            raise WireError("a tensor whose shape does not fit its bytes")
        self._within(offset, size)
        kind = getattr(torch, dtype)
        if not size:
            return torch.empty(shape, dtype=kind)
        if dtype == "bool":
            return torch.frombuffer(self.body, dtype=torch.uint8, count=size, offset=offset).ne(0).reshape(shape)
        return torch.frombuffer(self.body, dtype=kind, count=size // item, offset=offset).reshape(shape)


def _printable(text: str) -> str:
    """The text, capped. A lone surrogate cannot be printed, so it becomes a question mark."""
    text = text[:MAX_TEXT]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _integer(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise WireError("a number out of range")
    return value


def decode(header: bytes, body: bytearray) -> Any:
    """Value of a frame, as plain data. Raises only WireError, if the frame breaks a rule."""
    try:
        tree = json.loads(header, parse_constant=_no_constant)
        return _Decoder(body).value(tree)
    except WireError:
        raise
    except Exception as error:
        # A crafted frame may cause any exception. The grader sees only WireError.
        raise WireError(f"not a frame: {type(error).__name__}") from None


def _no_constant(name: str) -> float:
    raise WireError(f"{name} is not JSON")


def unpack(frame: bytes) -> Any:
    """Value of a whole frame. WireError if it breaks a rule."""
    try:
        magic, header_size, body_size = PREFIX.unpack_from(frame)
    except struct.error:
        raise WireError("not a frame") from None
    start = PREFIX.size + header_size
    if magic != MAGIC or len(frame) != start + body_size:
        raise WireError("not a frame")
    return decode(frame[PREFIX.size : start], bytearray(frame[start:]))


def copy(value: Any) -> Any:
    """Copy of the value, as it arrives on the other side of the wire."""
    return unpack(encode(value))
