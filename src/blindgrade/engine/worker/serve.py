"""Loop of a worker: it receives requests over the socket and sends replies."""

from __future__ import annotations

import marshal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from blindgrade.engine.wire import channel, frames
from blindgrade.engine.wire.replies import MAX_MESSAGE, Broken, Loaded, Sent, Unsendable, sent
from blindgrade.engine.worker import stand_ins
from blindgrade.engine.worker.errors import describe_error
from blindgrade.engine.worker.experiment import Experiment
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.engine.worker.load_time import LOAD_SECONDS, bounded


def serve(sock: socket.socket, box: Path) -> None:
    """Answer requests until the other side closes the socket: first "load", then any number of "run"."""
    lesson: LoadedLesson | None = None
    reader = channel.FrameReader(beyond=channel.READ)
    while True:
        try:
            request = channel.receive(sock, None, reader)
        except channel.Closed:
            return
        if request["op"] == "load":
            for name, content in request["files"].items():
                target = box / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            sys.path.insert(0, str(box))
            text, path = request["text"].decode(), str(box / request["file"])
            stand_ins.shell(text)
            with bounded(path, LOAD_SECONDS):
                lesson = load(request["module"], text, path)
            reply = sent(Loaded(tuple(lesson.problems)))
        else:
            reply = _answer(lesson, request)
        _send(sock, reply)


def _answer(lesson: LoadedLesson | None, request: dict[str, Any]) -> Sent:
    if lesson is None:
        raise RuntimeError("run before load")
    modules = {module: marshal.loads(code) for module, code in request["modules"].items()}
    try:
        experiment = Experiment(request["name"], modules)
    except Exception as error:  # a slice that does not load is the course's mistake
        return sent(Broken(describe_error(error, "<experiment>").message))
    return experiment.run(lesson, request["seed"], request["device"], request.get("data", ()))


def _send(sock: socket.socket, reply: Sent) -> None:
    try:
        frame = frames.encode(reply)
    except Exception as error:  # the result is too large, too deep, or of a class that pretends to be another
        frame = frames.encode(sent(Unsendable(str(error)[:MAX_MESSAGE])))
    with suppress(Exception):  # the student's code may have replaced these streams
        sys.stdout.flush()
        sys.stderr.flush()
    sock.sendall(frame)
