"""Loop of a worker: it receives requests over a stream and sends replies."""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from blindgrade.engine.wire import channel, frames
from blindgrade.engine.wire.replies import MAX_MESSAGE, Broken, Loaded, Sent, Unsendable, sent
from blindgrade.engine.worker import stand_ins
from blindgrade.engine.worker.errors import describe_error
from blindgrade.engine.worker.experiment import Experiment
from blindgrade.engine.worker.lesson import LoadedLesson, load
from blindgrade.engine.worker.load_time import LOAD_SECONDS, bounded
from blindgrade.engine.worker.opened import Opened, known_folders
from blindgrade.engine.worker.state import State


def serve(stream: channel.Stream, box: Path) -> None:
    """Answer requests until the other side closes the stream: first "load", then any number of "run"."""
    lesson: LoadedLesson | None = None
    opened: Opened | None = None
    reader = channel.FrameReader(beyond=channel.READ)
    while True:
        try:
            request = channel.receive(stream, None, reader)
        except channel.Closed:
            return
        if request["op"] == "load":
            for name, content in request["files"].items():
                target = box / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            sys.path.insert(0, str(box))
            if request.get("opened"):
                opened = Opened(known_folders(str(box)))
                opened.watch()
            text, path = request["text"].decode(), str(box / request["file"])
            stand_ins.shell(text)
            with bounded(path, LOAD_SECONDS):
                lesson = load(request["module"], text, path)
            lesson = replace(lesson, state=State(_modules(lesson, box), str(box), worker=True))
            reply = sent(Loaded(tuple(lesson.problems)))
        else:
            reply = _answer(lesson, request)
        if opened is not None:
            reply["opened"] = opened.since()
        _send(stream, reply)
        if reply.get("leaves") == "check":
            return  # the grader starts a fresh worker


def _modules(lesson: LoadedLesson, box: Path) -> list[ModuleType]:
    """Modules of the student: the lesson and the files beside it that it imported."""
    loaded = [module for module in list(sys.modules.values()) if type(module) is ModuleType]
    beside = [module for module in loaded if str(vars(module).get("__file__", "")).startswith(f"{box}{os.sep}")]
    return list(dict.fromkeys([lesson.module, *beside]))


def _answer(lesson: LoadedLesson | None, request: dict[str, Any]) -> Sent:
    if lesson is None:
        raise RuntimeError("run before load")
    modules = {module: marshal.loads(code) for module, code in request["modules"].items()}
    try:
        experiment = Experiment(request["name"], modules)
    except Exception as error:  # a slice that does not load is the course's mistake
        return sent(Broken(describe_error(error, "<experiment>").message))
    return experiment.run(lesson, request["seed"], request["device"], request.get("data", ()))


def _send(stream: channel.Stream, reply: Sent) -> None:
    try:
        frame = frames.encode(reply)
    except Exception as error:  # the result is too large, too deep, or of a class that pretends to be another
        frame = frames.encode(sent(Unsendable(str(error)[:MAX_MESSAGE], reply.get("leaves", ""))))
    with suppress(Exception):  # the student's code may have replaced these streams
        sys.stdout.flush()
        sys.stderr.flush()
    stream.sendall(frame)
