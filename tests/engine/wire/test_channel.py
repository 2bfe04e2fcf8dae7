"""Frames over a socket: whole, late, cut short, or with a length that is too large."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest
import torch

from blindgrade.engine.wire import channel, frames
from blindgrade.engine.wire.channel import Closed, Late
from blindgrade.engine.wire.frames import MAGIC, PREFIX, WireError


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]
SAMPLE = frames.encode({"a": [torch.arange(5.0), (True, None, b"xy")]})


def soon() -> float:
    return time.monotonic() + 0.1


def test_frames_that_were_sent_are_received_one_by_one(pair: Pair) -> None:
    ours, theirs = pair
    channel.send(theirs, {"a": torch.ones(2)})
    channel.send(theirs, "second")
    assert torch.equal(channel.receive(ours)["a"], torch.ones(2))
    assert channel.receive(ours, soon()) == "second"


def test_a_frame_in_many_pieces_is_received(pair: Pair) -> None:
    ours, theirs = pair
    value = torch.arange(1 << 20)
    sender = threading.Thread(target=channel.send, args=(theirs, value))
    sender.start()
    arrived = channel.receive(ours, time.monotonic() + 30)
    sender.join()
    assert torch.equal(arrived, value)


def test_silence_is_late(pair: Pair) -> None:
    with pytest.raises(Late):
        channel.receive(pair[0], soon())


def test_a_deadline_in_the_past_is_late_even_if_a_frame_waits(pair: Pair) -> None:
    channel.send(pair[1], 1)
    with pytest.raises(Late):
        channel.receive(pair[0], time.monotonic() - 1)


def test_a_trickle_does_not_move_the_deadline(pair: Pair) -> None:
    ours, theirs = pair
    stop = threading.Event()

    def trickle() -> None:
        for byte in SAMPLE:
            if stop.wait(0.02):
                return
            theirs.sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    begun = time.monotonic()
    with pytest.raises(Late):
        channel.receive(ours, begun + 0.2)
    took = time.monotonic() - begun
    stop.set()
    sender.join()
    assert took < 1


@pytest.mark.parametrize("sent", [b"", SAMPLE[:7], SAMPLE[:-1]], ids=["nothing", "half a prefix", "almost all"])
def test_a_closed_connection_is_closed_whatever_came_before(pair: Pair, sent: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(Closed):
        channel.receive(ours, soon())


@pytest.mark.parametrize(
    "prefix",
    [
        PREFIX.pack(b"GET ", 1, 1),
        PREFIX.pack(MAGIC, frames.MAX_HEADER + 1, 0),
        PREFIX.pack(MAGIC, 4, frames.MAX_BODY + 1),
        PREFIX.pack(MAGIC, 2**32 - 1, 2**64 - 1),
    ],
    ids=["magic", "header", "body", "both"],
)
def test_a_wrong_prefix_is_refused_before_anything_more_is_read(pair: Pair, prefix: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(prefix)
    with pytest.raises(WireError, match="wrong start or over the size limit"):
        channel.receive(ours, soon())


def test_a_frame_of_no_bytes_is_a_wire_error(pair: Pair) -> None:
    pair[1].sendall(PREFIX.pack(MAGIC, 0, 0))
    with pytest.raises(WireError, match="not a frame"):
        channel.receive(pair[0], soon())


def test_announcing_much_and_sending_little_costs_little_memory(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(PREFIX.pack(MAGIC, 4, 200 << 20) + b"null" + bytes(1000))
    tracemalloc.start()
    try:
        with pytest.raises(Late):
            channel.receive(ours, soon())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
