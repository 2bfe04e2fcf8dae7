"""What runs beside student code: load a lesson, run experiments on it, answer with plain data.

The grader runs the same two functions on the reference, so both sides of a check go through one path. Nothing here
knows a solution, an expected value or a tolerance. Only `protocol` and `checks` are imported of ours: a test lists
what a worker has loaded.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import marshal
import random
import re
import socket
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

import numpy
import torch

from blindgrade.checks import Rng, derive
from blindgrade.engine import protocol

MAX_MESSAGE = 2_000  # characters of an exception's text
MAX_FRAMES = 8
# A line at the margin that begins like this belongs to the block above it.
CONTINUES = re.compile(r"[ \t#)\]}]|(elif|else|except|finally)\b|$")
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)  # what ast.parse raises when the text is at fault

Reply = dict[str, Any]
Place = tuple[int, int]  # line and column in a file
BEGIN: Place = (0, 0)


class Missing(AttributeError):
    """The lesson's file does not define a name that an experiment asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the file defines no `{name}`")
        self.name = name


class Names:
    """A lesson as experiments see it: its attributes are the names that the file defines, and no others."""

    def __init__(self, module: ModuleType) -> None:
        # Kept under a name that no lesson defines, since every other one is the student's.
        self.__dict__["_Names__of"] = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.__of, name)
        except AttributeError:
            raise Missing(name) from None


@dataclass(frozen=True)
class LoadedLesson:
    """A lesson's module, its names as experiments see them, and what of the file could not be run."""

    module: ModuleType
    problems: list[Reply]

    @property
    def names(self) -> Names:
        """What an experiment is given."""
        return Names(self.module)


def load(name: str, text: str, path: str, extra: dict[str, Any] | None = None) -> LoadedLesson:
    """Run a lesson's file as module `name`, statement by statement.

    A statement that does not parse or raises is left out and noted in `.problems`; the rest is there to be graded.
    `path` is what tracebacks call the file; `extra` names stand in the module from the start.
    """
    module = ModuleType(name)
    module.__file__ = path
    module.__dict__.update(extra or {})
    sys.modules[name] = module
    # Tracebacks and inspect.getsource read lines from here: the file may exist nowhere else.
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    problems: list[Reply] = []
    _run(text, path, module.__dict__, problems)
    return LoadedLesson(module, problems)


def _run(text: str, path: str, names: dict[str, Any], problems: list[Reply]) -> None:
    """All at once, which is three times as fast as by statements; where that stops, by statements from there on."""
    ended, stopped = _run_whole(text, path, names)
    if ended is None:
        return
    flags = 0
    body = list(statements(text, path, problems))
    # The statement that raised is the last that begins before the place where it did.
    first = max((n for n, node in enumerate(body) if _start(node) <= ended), default=0)
    for number, node in enumerate(body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            flags |= _future_flags(node)
        if number < first:
            continue
        if stopped is not None:
            problems.append({**stopped, "line": node.lineno})
            stopped = None
            continue
        try:
            code: CodeType = compile(ast.Module([node], []), path, "exec", flags=flags, dont_inherit=True)
            exec(code, names)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are a student's, too
            problems.append({**describe_error(error, path), "line": node.lineno})


def _run_whole(text: str, path: str, names: dict[str, Any]) -> tuple[Place | None, Reply | None]:
    """Where it ended too early and by what error; no place if it ran to its end, no error if it did not begin."""
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except UNPARSED:
        return BEGIN, None
    try:
        exec(code, names)
    except BaseException as error:
        # Not error.__traceback__, which a class of the student's may give another meaning.
        here = sys.exc_info()[2]
        trace = here.tb_next if here is not None else None
        if trace is None:
            return BEGIN, None
        line, _, column, _ = list(code.co_positions())[trace.tb_lasti // 2]
        return (line or trace.tb_lineno, column or 0), describe_error(error, path)
    return None, None


def _start(node: ast.stmt) -> Place:
    first = min([node, *getattr(node, "decorator_list", [])], key=lambda part: part.lineno)
    return first.lineno, first.col_offset


def _future_flags(node: ast.ImportFrom) -> int:
    import __future__

    return sum(getattr(__future__, alias.name).compiler_flag for alias in node.names)


def statements(text: str, path: str, problems: list[Reply]) -> Iterator[ast.stmt]:
    """The top-level statements that parse; each block that does not is noted in `problems`."""
    try:
        yield from ast.parse(text, path).body
        return
    except UNPARSED as error:
        if not isinstance(error, SyntaxError):
            problems.append({**describe_error(error, path), "line": 1})
            return
    lines = text.split("\n")  # as ast counts lines, which splitlines() does not
    starts = [n for n, line in enumerate(lines) if not CONTINUES.match(line)]
    at = 0
    while at < len(starts):
        body, following, failure = _block(lines, starts, at, path)
        if failure is not None:
            problems.append(failure)
        yield from body
        at = following


def _block(
    lines: list[str], starts: list[int], at: int, path: str, reach: int = 40
) -> tuple[list[ast.stmt], int, Reply | None]:
    """Parse from one block start to the nearest later one that makes it whole; give up on the first block alone.

    Decorators and strings with text at the margin make blocks that only parse together with the next ones.
    """
    first: Reply | None = None
    for following in range(at + 1, min(at + reach, len(starts)) + 1):
        end = starts[following] if following < len(starts) else len(lines)
        # Empty lines in front keep the line numbers of the file.
        text = "\n" * starts[at] + "\n".join(lines[starts[at] : end]) + "\n"
        try:
            return ast.parse(text, path).body, following, None
        except UNPARSED as error:
            line = getattr(error, "lineno", None) or starts[at] + 1
            first = first or {**describe_error(error, path), "line": line}
    return [], at + 1, first


# ---------------------------------------------------------------- experiments


class Experiment:
    """A slice that is ready to run: its modules made into a function `(lesson, rng) -> data`."""

    def __init__(self, name: str, modules: dict[str, CodeType]) -> None:
        self.function = _run_slice(name, modules)

    def run(self, lesson: LoadedLesson, seed: int, device: str = "cpu", data: Sequence[Any] = ()) -> Reply:
        """Run it once: {"kind": "result", "value": …} or {"kind": "raised", …}, as the wire will carry it.

        torch's global state and the global random sources start from the same point every time, whatever
        an earlier exercise left behind.
        """
        reset_state(derive(seed, "student"))
        path = str(getattr(lesson.module, "__file__", ""))
        try:
            given = [_moved(item, device) for item in data]
            return {"kind": "result", "value": self.function(lesson.names, Rng(seed, device), *given)}
        except BaseException as error:  # also SystemExit: whatever stops an experiment is told, not obeyed
            return {"kind": "raised", **describe_error(error, path)}


def _moved(data: Any, device: str) -> Any:
    """Data with their tensors on the device."""
    if isinstance(data, torch.Tensor):
        return data.to(device)
    if isinstance(data, dict):
        return {key: _moved(item, device) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(_moved(item, device) for item in data)
    return data


def _run_slice(name: str, modules: dict[str, CodeType]) -> Any:
    namespaces: dict[str, ModuleType] = {module: ModuleType(module) for module in modules}

    def importer(wanted: str, *args: Any, **kwargs: Any) -> Any:
        # Private toys are in the slice and nowhere else, so their imports end here.
        if wanted in namespaces:
            return _execute(wanted)
        return builtins.__import__(wanted, *args, **kwargs)

    done: set[str] = set()

    def _execute(module: str) -> ModuleType:
        namespace = namespaces[module]
        if module not in done:
            done.add(module)
            namespace.__dict__["__builtins__"] = {**vars(builtins), "__import__": importer}
            # dataclasses look their module up while they are made.
            sys.modules.setdefault(module, namespace)
            exec(modules[module], namespace.__dict__)
        return namespace

    try:
        return getattr(_execute("experiment"), name)
    finally:
        for module, namespace in namespaces.items():
            if sys.modules.get(module) is namespace:
                del sys.modules[module]


def reset_state(seed: int) -> None:
    """Put torch's global switches and the global random sources back to a known start."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)  # asked first, because setting it imports torch's compiler
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
    # torch.manual_seed formats a stack trace for each kind of accelerator that is not there, which takes 3 ms.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)
    random.seed(seed)
    numpy.random.seed(seed % (1 << 32))


def describe_error(error: BaseException, path: str) -> Reply:
    """Type, capped message and the frames that lie in the student's files, innermost last."""
    try:
        # A syntax error's text would repeat file and line, in numbers that a notebook does not have.
        message = str(error.msg if isinstance(error, SyntaxError) else error)[:MAX_MESSAGE]
    except BaseException:  # __str__ is the student's as well
        message = ""
    where = Path(path).parent
    frames = [
        [_relative(frame.f_code.co_filename, where), line, frame.f_code.co_qualname]
        for frame, line in _walk(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == where or where in Path(frame.f_code.co_filename).parents
    ][-MAX_FRAMES:]
    innermost = [frame for frame, _ in _walk(error.__traceback__)][-1:]
    return {
        "type": type(error).__name__[:200],
        "message": message,
        "frames": frames,
        # Raised by the student's own line, or by something that it called?
        "own": bool(innermost) and innermost[0].f_code.co_filename == path,
        "missing": error.name if isinstance(error, Missing) else None,
    }


def _relative(filename: str, where: Path) -> str:
    return str(Path(filename).relative_to(where))


def _walk(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    for _, (frame, line) in zip(range(2_000), traceback.walk_tb(trace), strict=False):
        yield frame, line


# ---------------------------------------------------------------- serving


def serve(sock: socket.socket, box: Path) -> None:
    """Answer requests until the other side closes: first "load", then any number of "run"."""
    lesson: LoadedLesson | None = None
    reader = protocol.FrameReader(beyond=protocol.READ)
    while True:
        try:
            request = protocol.receive(sock, None, reader)
        except protocol.Closed:
            return
        if request["op"] == "load":
            for name, content in request["files"].items():
                target = box / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            sys.path.insert(0, str(box))
            lesson = load(request["module"], request["text"].decode(), str(box / request["file"]))
            reply: Reply = {"kind": "loaded", "problems": lesson.problems}
        else:
            reply = _answer(lesson, request)
        _send(sock, reply)


def _answer(lesson: LoadedLesson | None, request: Reply) -> Reply:
    if lesson is None:
        raise RuntimeError("run before load")
    modules = {module: marshal.loads(code) for module, code in request["modules"].items()}
    try:
        experiment = Experiment(request["name"], modules)
    except Exception as error:  # a slice that does not even load is the course's mistake
        return {"kind": "broken", **describe_error(error, "<experiment>")}
    return experiment.run(lesson, request["seed"], request["device"], request.get("data", ()))


def _send(sock: socket.socket, reply: Reply) -> None:
    try:
        frame = protocol.encode(reply)
    except Exception as error:  # a result too large, too deep, or whose class lies about itself
        frame = protocol.encode({"kind": "unsendable", "message": str(error)[:MAX_MESSAGE]})
    with suppress(Exception):  # a student may have put anything in their place
        sys.stdout.flush()
        sys.stderr.flush()
    sock.sendall(frame)
