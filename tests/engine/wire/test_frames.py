from __future__ import annotations

import json
import math
from typing import Any

import numpy
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from blindgrade.engine.wire import frames
from blindgrade.engine.wire.frames import MAGIC, PREFIX, Array, Opaque, WireError, copy, decode

DATA = {type(None), bool, int, float, str, bytes, list, tuple, dict, Tensor, Opaque}


def frame(tree: Any, body: bytes = b"") -> bytes:
    header = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return PREFIX.pack(MAGIC, len(header), len(body)) + header + body


def is_plain(value: Any) -> bool:
    """Whether the value has only kinds that may cross, at every depth."""
    if type(value) not in DATA:
        return False
    if isinstance(value, dict):
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return True


def assert_harmless(raw: bytes) -> None:
    try:
        value = frames.unpack(raw)
    except WireError:
        return
    assert is_plain(value)
    # What was accepted can be touched: no tensor reaches outside its bytes.
    frames.encode(value)


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        2**63 - 1,
        -(2**63),
        1.5,
        -0.0,
        math.inf,
        -math.inf,
        5e-324,
        "",
        "tëxt ☃ 🎉\n\x00",
        b"",
        b"\x00\xff",
        [],
        (),
        {},
        [1, (2, [3.0, None]), {"a": (True,)}],
        {"": {"t": 1}, "d": [["a", 1]], "o": "x"},
    ],
    ids=repr,
)
def test_plain_data_arrives_as_they_left(value: Any) -> None:
    arrived = frames.copy(value)
    assert arrived == value
    assert type(arrived) is type(value)


def test_nan_and_the_sign_of_zero_arrive() -> None:
    assert math.isnan(frames.copy(math.nan))
    assert math.copysign(1, frames.copy(-0.0)) == -1


@pytest.mark.parametrize("dtype", sorted(frames.ITEM_SIZES))
@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (0,), (2, 0, 3), (1, 1, 7, 1)], ids=str)
def test_a_tensor_of_every_dtype_and_shape_arrives(dtype: str, shape: tuple[int, ...]) -> None:
    kind = getattr(torch, dtype)
    value = (torch.randn(shape, dtype=torch.float64) * 3).to(kind)
    arrived = frames.copy([b"x", value, value])
    for tensor in arrived[1:]:
        assert (tensor.dtype, tensor.shape) == (kind, value.shape)
        assert torch.equal(tensor, value)


def test_the_bits_of_special_floats_arrive() -> None:
    value = torch.tensor([math.nan, math.inf, -0.0, 1e-45])
    assert torch.equal(frames.copy(value).view(torch.int32), value.view(torch.int32))


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(12.0)[1::3],
        torch.arange(4.0).expand(3, 4),
        torch.arange(6.0).flip(0),
        torch.tensor([1 + 2j, 3 - 1j]).conj(),
        torch.tensor([1 + 2j, 3 - 1j]).conj().imag,
        torch.tensor([1 + 2j]).real,
    ],
    ids=["transposed", "strided", "expanded", "flipped", "conj", "neg", "real"],
)
def test_a_view_arrives_as_the_values_it_shows(value: Tensor) -> None:
    assert torch.equal(frames.copy(value), value)


def test_a_parameter_and_a_tensor_in_a_graph_arrive_as_plain_tensors() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    for value in (parameter, parameter * 2):
        arrived = frames.copy(value)
        assert type(arrived) is Tensor and not arrived.requires_grad
        assert torch.equal(arrived, value.detach())


def test_an_arrived_tensor_shares_nothing_with_the_one_that_left() -> None:
    value = torch.zeros(3)
    arrived = frames.copy(value)
    arrived += 1
    assert value.sum() == 0


class Liar(Tensor):
    @property
    def shape(self) -> Any:  # type: ignore[override]
        return (2**40,)


class Thing:
    dtype = torch.float32


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (torch.ones(2).as_subclass(Liar), "Liar"),
        (torch.eye(2).to_sparse(), "Tensor"),
        (torch.ones(2, device="meta"), "Tensor"),
        (torch.ones(2, dtype=torch.uint16), "Tensor"),
        (Thing(), "Thing"),
        (Thing, "type"),
        (len, "builtin_function_or_method"),
        ({1: 2}, "dict"),
        ({1, 2}, "set"),
        (1j, "complex"),
        (Opaque("Foo"), "Foo"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_object_that_is_not_data_crosses_as_its_types_name(value: Any, name: str) -> None:
    (arrived,) = frames.copy([value])
    assert isinstance(arrived, Opaque) and arrived.type_name == name


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (numpy.bool_(True), True),
        (numpy.int64(-3), -3),
        (numpy.uint8(200), 200),
        (numpy.float32(0.1), float(numpy.float32(0.1))),
        (numpy.float16(0.5), 0.5),
        (numpy.array(2.5), 2.5),
        (numpy.array(7), 7),
        ([numpy.int32(1), (numpy.bool_(False),)], [1, (False,)]),
        ({"a": numpy.float64(1.5)}, {"a": 1.5}),
        (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (numpy.array([True, False]), [True, False]),
        (numpy.array([]), []),
    ],
    ids=repr,
)
def test_numpys_numbers_arrive_as_pythons(value: Any, arrives: Any) -> None:
    found = copy(value)
    assert found == arrives
    assert type(found) is type(arrives) or isinstance(found, Array)


def test_an_array_is_described_as_what_it_was() -> None:
    assert copy(numpy.zeros((2, 3), numpy.float32)).form == "a NumPy array of shape (2, 3) and dtype float32"
    assert copy(numpy.zeros(3)).form == "a NumPy array of shape (3,) and dtype float64"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (numpy.zeros(10_001), "ndarray"),
        (numpy.array(["a"]), "ndarray"),
        (numpy.array([None]), "ndarray"),
        (numpy.complex64(1j), "complex64"),
        (type("Pretends", (numpy.ndarray,), {})((2,)), "Pretends"),
    ],
    ids=["large", "text", "objects", "complex", "a subclass"],
)
def test_other_values_of_numpy_cross_as_their_types_name(value: Any, name: str) -> None:
    assert copy(value).type_name == name


@pytest.mark.parametrize("content", [[], ["f", [1]], ["f", [1], 5], ["f", ["x"], []], ["f", [-1], []], [3, [1], [1]]])
def test_an_array_that_breaks_a_rule_is_a_wire_error(content: Any) -> None:
    with pytest.raises(WireError):
        decode(json.dumps({"a": content}).encode(), bytearray())


def test_an_opaque_value_equals_nothing_but_itself() -> None:
    one = Opaque("A")
    assert one == one
    assert one != Opaque("A")
    with pytest.raises(TypeError):
        hash(one)


def test_subclasses_of_plain_types_arrive_as_the_plain_type() -> None:
    number, text = type("Number", (float,), {})(1.5), type("Text", (str,), {})("x")
    assert [type(item) for item in frames.copy([number, text])] == [float, str]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10 ** (10**7)], ids=["just above", "just below", "huge"])
def test_an_int_beyond_64_bits_is_named_and_not_sent(value: int) -> None:
    arrived = frames.copy(value)
    assert isinstance(arrived, Opaque) and arrived.type_name == "int beyond 64 bits"


def test_a_long_string_is_cut() -> None:
    assert frames.copy("x" * (frames.MAX_TEXT + 1)) == "x" * frames.MAX_TEXT


def test_a_lone_surrogate_arrives_as_a_question_mark() -> None:
    assert frames.copy({"\ud800": "a\udfffb"}) == {"?": "a?b"}


# ---------------------------------------------------------------- what is not sent


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_is_allowed_up_to_the_limit_only() -> None:
    assert frames.copy(nested(frames.MAX_DEPTH)) == nested(frames.MAX_DEPTH)
    for depth in (frames.MAX_DEPTH + 1, 100_000):
        with pytest.raises(WireError, match="too deeply"):
            frames.encode(nested(depth))


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(WireError):
        frames.encode(loop)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(WireError, match="too many parts"):
        frames.encode([None] * frames.MAX_NODES)


def test_a_description_over_its_cap_is_refused() -> None:
    with pytest.raises(WireError, match="description"):
        frames.encode(["x" * frames.MAX_TEXT] * 17)


def test_tensors_over_the_cap_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_BODY", 1 << 20)
    frames.encode(torch.zeros(1 << 20, dtype=torch.uint8))
    with pytest.raises(WireError, match="MiB"):
        frames.encode([torch.zeros(1 << 20, dtype=torch.uint8), b"x"])


# ---------------------------------------------------------------- hostile frames

BODY = bytes(64)
BIG = 2**40


def tensor(dtype: Any, shape: Any, offset: Any, size: Any) -> dict[str, Any]:
    return {"t": [dtype, shape, offset, size]}


def test_the_frames_of_these_tests_are_accepted_when_nothing_is_wrong() -> None:
    assert frames.unpack(frame(tensor("float32", [4], 16, 16), BODY)).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    "tree",
    [
        tensor("float32", [BIG, BIG, 0], 0, 0),
        tensor("float32", [0, BIG], 0, 0),
        tensor("float32", [1 << 20, 1 << 20, 0], 0, 0),
        tensor("float32", [-1], 0, 4),
        tensor("float32", [-2, -2], 0, 16),
        tensor("float32", [0, -1], 0, 0),
        tensor("float32", [4], 0, 64),
        tensor("float32", [4], 64, 16),
        tensor("float32", [4], -16, 16),
        tensor("float32", [4], 4, 16),
        tensor("float32", [4], 1 << 62, 16),
        tensor("float32", [0], 80, 0),
        tensor("float32", [True], 0, 4),
        tensor("float32", [1.0], 0, 4),
        tensor("float32", ["1"], 0, 4),
        tensor("float32", "", 0, 4),
        tensor("float32", {}, 0, 4),
        tensor("float32", None, 0, 4),
        tensor("float32", [1] * 17, 0, 4),
        tensor("float32", [1], 0.0, 4),
        tensor("float32", [1], False, 4),
        tensor("float32", [1], 0, 4.0),
        tensor("float32", [1], None, None),
        tensor("object", [1], 0, 4),
        tensor("load", [1], 0, 4),
        tensor(["float32"], [1], 0, 4),
        {"t": []},
        {"t": None},
        {"t": 5},
        {"b": [0, 65]},
        {"b": [-1, 1]},
        {"b": [0]},
        {"b": [0, 1, 2]},
        {"b": "ab"},
        {"f": "1.0"},
        {"f": []},
        {"f": None},
        {"o": 5},
        {"o": None},
        {"d": [["a"]]},
        {"d": [[1, 2]]},
        {"d": [[None, 2]]},
        {"d": [[["a"], 2]]},
        {"d": 5},
        {"u": 5},
        {"x": 1},
        {"": 1},
        {},
        {"u": [], "b": []},
        2**63,
        -(2**63) - 1,
        [[[2**64]]],
    ],
    ids=lambda tree: json.dumps(tree)[:60],
)
def test_a_header_that_breaks_a_rule_is_a_wire_error(tree: Any) -> None:
    with pytest.raises(WireError):
        frames.unpack(frame(tree, BODY))


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"NaN",
        b"[Infinity]",
        b'{"f": NaN}',
        b"\xff\xfe",
        b"[" * 200_000,
        b"[" * 33 + b"0" + b"]" * 33,
        b'{"u":[' * 40 + b"]}" * 40,
        b"9" * 10_000_000,
        b"[1,]",
        b"{'a': 1}",
        b"1 2",
        b'"\x00"',
        b"[" + b"0," * 100_001 + b"0]",
    ],
    ids=lambda header: repr(header[:20]),
)
def test_a_header_that_is_no_json_of_ours_is_a_wire_error(header: bytes) -> None:
    with pytest.raises(WireError):
        frames.unpack(frame(header))


def test_a_float_beyond_range_is_infinite_and_nothing_worse() -> None:
    assert frames.unpack(frame(b"[1e999, -1e999]")) == [math.inf, -math.inf]


def test_the_last_of_duplicate_keys_is_used() -> None:
    assert frames.unpack(frame(b'{"d": [["a", 1], ["a", 2]]}')) == {"a": 2}
    assert frames.unpack(frame(b'{"f": "nan", "f": "inf"}')) == math.inf


def test_an_escaped_lone_surrogate_is_made_printable() -> None:
    assert frames.unpack(frame(rb'["\ud800", {"o": "\udc00"}, {"d": [["\ud800", 1]]}]'))[0] == "?"
    json.dumps(frames.unpack(frame(rb'{"d": [["\ud800", 1]]}')), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"BG1\n",
        PREFIX.pack(b"BG2\n", 4, 0) + b"null",
        PREFIX.pack(MAGIC, 5, 0) + b"null",
        PREFIX.pack(MAGIC, 3, 0) + b"null",
        PREFIX.pack(MAGIC, 4, 1) + b"null",
        PREFIX.pack(MAGIC, 2**32 - 1, 2**64 - 1) + b"null",
        frame(None) + b"x",
    ],
)
def test_a_frame_with_a_wrong_start_or_length_is_a_wire_error(raw: bytes) -> None:
    with pytest.raises(WireError):
        frames.unpack(raw)


SAMPLE = frames.encode({"a": [torch.arange(5.0), (True, None, b"xy")], "b": {"c": math.nan, "d": torch.ones(0, 2)}})
fuzz = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats() | st.text(max_size=4)
tags = st.sampled_from(["t", "d", "u", "f", "b", "o", "x"])
numbers = st.integers(-1, 80) | st.sampled_from([2**31, 2**40, 2**63, True, 1.5])
tensors = st.fixed_dictionaries(
    {"t": st.tuples(st.sampled_from([*frames.ITEM_SIZES, "x"]), st.lists(numbers, max_size=4), numbers, numbers)}
)
trees = st.recursive(
    scalars | tensors,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tags, inner, max_size=2),
    max_leaves=12,
)


@fuzz
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_plain_data(raw: bytes) -> None:
    assert_harmless(raw)
    assert_harmless(frame(raw, BODY))


@fuzz
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_frame_is_refused_or_plain_data(damage: list[tuple[int, int]]) -> None:
    raw = bytearray(SAMPLE)
    for place, byte in damage:
        raw[place] = byte
    assert_harmless(bytes(raw))


@fuzz
@given(st.integers(0, len(SAMPLE) - 1))
def test_a_frame_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(WireError):
        frames.unpack(SAMPLE[:length])


@fuzz
@given(trees)
def test_a_random_tree_as_header_is_refused_or_plain_data(tree: Any) -> None:
    assert_harmless(frame(tree, BODY))


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@fuzz
@given(plain)
def test_any_plain_data_arrive_as_they_left(value: Any) -> None:
    assert frames.copy(value) == value
