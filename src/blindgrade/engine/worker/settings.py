"""Switches of a process that code can leave in another position: how each one is read, and how it is set back.

A switch that cannot be set back for sure has no `write`, or is `partial`. A fresh worker is then needed. `standard` is
the position that torch gives a switch in a new process.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` without its enumerations
import _thread
import faulthandler
import gc
import locale
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch.nn.modules import module as hooks
from torch.utils import _python_dispatch as dispatch

from blindgrade.engine.sandbox.limits import STOP

NO_AUTOCAST = ((False, torch.bfloat16), (False, torch.float16), True, 0)
KEEP: Any = object()  # the standard position is the present one
SIGNALS = sorted(signal.valid_signals())
# Windows has no timers and no masks of signals.
TIMERS = [getattr(signal, n) for n in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF") if hasattr(signal, n)]
SET_MASK: int = getattr(signal, "SIG_SETMASK", 0)
ANY_CHILD = getattr(os, "P_ALL", 0)
WITHOUT_WAITING = getattr(os, "WEXITED", 0) | getattr(os, "WNOHANG", 0) | getattr(os, "WNOWAIT", 0)
HOOKS = [value for name, value in vars(hooks).items() if name.startswith("_global") and isinstance(value, dict)]
_shown: list[int] = []  # STOP, if the lines are written when it arrives
_guards: list[Any] = []  # guards that end a mode, and that must not end themselves


@dataclass(frozen=True)
class Setting:
    """One switch. `write` sets it to an earlier position; with `partial`, traces of the change may remain."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object] | None
    standard: Any = KEEP
    partial: bool = False


def show_where_on_stop() -> None:
    """Write the Python lines of this thread to the error output when STOP arrives, even from native code.

    Without such a signal this does nothing. Then the grader asks on the wire, see `pipes`.
    """
    if STOP and hasattr(faulthandler, "register"):
        _shown.append(STOP)
        faulthandler.register(STOP, file=2, all_threads=False)


def _default_device() -> Any:
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)  # torch.get_default_device takes 20 us
    return context.device if context is not None else None


def _leave_inference(on: bool) -> None:
    if not on:
        # A guard that is left to the garbage collector would set grad mode back long afterwards.
        for entered in [one for one in gc.get_objects() if type(one) is torch.inference_mode]:
            if "_inference_mode_raii_context" in vars(entered):
                entered.__exit__(None, None, None)
    if torch.is_inference_mode_enabled() == on:
        return
    guard = torch.inference_mode(on)
    guard.__enter__()
    _guards.append(guard)


def _function_modes(length: int) -> None:
    while torch._C._len_torch_function_stack() > length:
        torch._C._pop_torch_function_stack()


def _dispatch_modes(length: int) -> None:
    while torch._C._len_torch_dispatch_stack() > length:
        dispatch._pop_mode()


def _autocast() -> tuple[Any, ...]:
    flags = [(torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in ("cpu", "cuda")]
    torch.autocast_increment_nesting()
    return (*flags, torch.is_autocast_cache_enabled(), torch.autocast_decrement_nesting())


def _set_autocast(value: tuple[Any, ...]) -> None:
    for kind, (on, dtype) in zip(("cpu", "cuda"), value, strict=False):
        torch.set_autocast_enabled(kind, on)
        torch.set_autocast_dtype(kind, dtype)
    torch.set_autocast_cache_enabled(value[2])
    while _autocast()[3] > value[3]:
        torch.autocast_decrement_nesting()
    torch.clear_autocast_cache()


def _deterministic() -> tuple[bool, bool]:
    return torch._C._get_deterministic_algorithms(), torch._C._get_deterministic_algorithms_warn_only()


def _set_deterministic(value: tuple[bool, bool]) -> None:
    # Not torch.use_deterministic_algorithms, because it imports torch's compiler.
    torch._C._set_deterministic_algorithms(value[0], warn_only=value[1])


def _saved_tensors_hooks() -> Any:
    # PyTorch 2.6 cannot say it. There, hooks that an exercise leaves behind reach the next one.
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top(False) if top is not None else None


def _pop_saved_tensors_hooks(_: object) -> None:
    torch._C._autograd._pop_saved_tensors_default_hooks()


def _hooks() -> list[dict[Any, Any]]:
    return [dict(one) for one in HOOKS]


def _set_hooks(value: list[dict[Any, Any]]) -> None:
    for one, entries in zip(HOOKS, value, strict=True):
        one.clear()
        one.update(entries)


def _set_filters(value: list[Any]) -> None:
    warnings.filters[:] = value  # type: ignore[index]  # it is a list, which the type hides
    warnings._filters_mutated()  # type: ignore[attr-defined]  # else the next warning uses its cached decision


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _set_folder(value: str | None) -> None:
    if value is not None:
        os.chdir(value)


def _environment() -> dict[Any, Any]:
    return dict(os.environ._data)  # type: ignore[attr-defined]  # a tenth of the time of dict(os.environ)


def _set_environment(value: dict[Any, Any]) -> None:
    # The names of the environment are bytes on some systems and text on Windows.
    raw: Any = os.environb if hasattr(os, "environb") else os.environ
    for name in [name for name in _environment() if name not in value]:
        del raw[name]
    raw.update(value)


def _signals() -> tuple[Any, ...]:
    # The functions of `signal` make an enumeration's member of every result, which takes ten times as long.
    masked = frozenset(_signal.pthread_sigmask(_signal.SIG_BLOCK, ())) if hasattr(_signal, "SIG_BLOCK") else None
    return tuple(map(_signal.getsignal, SIGNALS)), masked, tuple(_signal.getitimer(which)[0] > 0 for which in TIMERS)


def _set_signals(value: tuple[Any, ...]) -> None:
    handlers, masked, timers = value
    for which, on in zip(TIMERS, timers, strict=True):
        if not on and hasattr(signal, "setitimer"):
            signal.setitimer(which, 0)
    for number, handler in zip(SIGNALS, handlers, strict=True):
        if handler is not None and _signal.getsignal(number) != handler:
            with suppress(OSError, ValueError):  # not every thread and not every signal
                signal.signal(number, handler)
    if masked is not None and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(SET_MASK, masked)
    if _shown and hasattr(faulthandler, "unregister"):  # another handler has replaced it
        faulthandler.unregister(STOP)
        show_where_on_stop()


def _set_traces(value: tuple[Any, ...]) -> None:
    sys.settrace(value[0])
    sys.setprofile(value[1])
    threading.settrace(value[2])
    threading.setprofile(value[3])


def _collector() -> tuple[Any, ...]:
    return gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(gc.callbacks)


def _set_collector(value: tuple[Any, ...]) -> None:
    (gc.enable if value[0] else gc.disable)()
    gc.set_threshold(*value[1])
    gc.set_debug(value[2])
    gc.callbacks[:] = value[3]


def _interpreter() -> tuple[Any, ...]:
    return sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits()


def _set_interpreter(value: tuple[Any, ...]) -> None:
    sys.setrecursionlimit(value[0])
    sys.setswitchinterval(value[1])
    sys.set_int_max_str_digits(value[2])


def _streams_closed() -> tuple[bool, ...]:
    return tuple(bool(getattr(stream, "closed", False)) for stream in (sys.stdin, sys.stdout, sys.stderr))


def _next_descriptor() -> int:
    """Lowest number that a new file would get: another one after a file was left open or closed."""
    try:
        # Windows opens no folder as a file.
        place, flag = (os.curdir, os.O_PATH) if hasattr(os, "O_PATH") else (os.devnull, 0)
        free = os.open(place, os.O_RDONLY | flag)
    except OSError:
        return -1
    os.close(free)
    return free


def _has_children() -> bool:
    if not hasattr(os, "waitid"):  # the grader finds them at the end
        return False
    try:
        os.waitid(ANY_CHILD, 0, WITHOUT_WAITING)
    except OSError:
        return False  # the usual case: there is no child to wait for
    return True


SETTINGS = [
    Setting("inference mode", torch.is_inference_mode_enabled, _leave_inference, False, partial=True),
    Setting("the default device", _default_device, torch.set_default_device, None),
    Setting("a function mode", torch._C._len_torch_function_stack, _function_modes, partial=True),
    Setting("a dispatch mode", torch._C._len_torch_dispatch_stack, _dispatch_modes, partial=True),
    Setting("disabled functions of tensor classes", torch._C._is_torch_function_enabled, None),
    Setting("hooks of saved tensors", _saved_tensors_hooks, _pop_saved_tensors_hooks, partial=True),
    Setting("a transform of functions", torch._C._functorch.maybe_current_level, None),
    Setting("a level of forward gradients", lambda: torch.autograd.forward_ad._current_level, None),
    Setting("a profiler", torch._C._autograd._profiler_enabled, None),
    Setting("closed streams", _streams_closed, None),
    Setting("grad mode", torch.is_grad_enabled, torch._C._set_grad_enabled, True),
    Setting("the default dtype", torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    Setting("autocast", _autocast, _set_autocast, NO_AUTOCAST),
    Setting("determinism", _deterministic, _set_deterministic, (False, False)),
    Setting("anomaly mode", lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            lambda value: torch.set_anomaly_enabled(*value), (False, True)),
    Setting("threads of the autograd engine", torch.autograd.is_multithreading_enabled,
            torch._C._set_multithreading_enabled),
    Setting("the number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting("the precision of products", torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    Setting("oneDNN", torch._C._get_mkldnn_enabled, torch._C._set_mkldnn_enabled),
    Setting("cuDNN", torch._C._get_cudnn_enabled, torch._C._set_cudnn_enabled),
    Setting("cuDNN's choice by speed", torch._C._get_cudnn_benchmark, torch._C._set_cudnn_benchmark),
    Setting("cuDNN's determinism", torch._C._get_cudnn_deterministic, torch._C._set_cudnn_deterministic),
    Setting("flash attention", torch._C._get_flash_sdp_enabled, torch._C._set_sdp_use_flash),
    Setting("efficient attention", torch._C._get_mem_efficient_sdp_enabled, torch._C._set_sdp_use_mem_efficient),
    Setting("plain attention", torch._C._get_math_sdp_enabled, torch._C._set_sdp_use_math),
    # A number below the smallest normal one is zero where such numbers are flushed.
    Setting("flushed small numbers", lambda: sys.float_info.min / 4 == 0, torch.set_flush_denormal),
    Setting("how tensors are printed", lambda: dict(vars(torch._tensor_str.PRINT_OPTS)),
            lambda value: vars(torch._tensor_str.PRINT_OPTS).update(value)),
    Setting("hooks of all modules", _hooks, _set_hooks),
    Setting("how NumPy reports errors", numpy.geterr, lambda value: numpy.seterr(**value)),
    Setting("filters of warnings", lambda: list(warnings.filters), _set_filters),
    Setting("sys.path", lambda: list(sys.path), lambda value: sys.path.__setitem__(slice(None), value)),
    Setting("sys.meta_path", lambda: list(sys.meta_path), lambda value: sys.meta_path.__setitem__(slice(None), value)),
    Setting("the working folder", _folder, _set_folder),
    Setting("the environment", _environment, _set_environment),
    Setting("signals", _signals, _set_signals),
    Setting("tracing", lambda: (sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
            _set_traces),
    Setting("the garbage collector", _collector, _set_collector),
    Setting("limits of the interpreter", _interpreter, _set_interpreter),
    Setting("the locale", lambda: locale.setlocale(locale.LC_ALL),
            lambda value: locale.setlocale(locale.LC_ALL, value)),
]  # fmt: skip

# Only a worker has nothing but the student's code, so only there does a new thread or file come from that code.
OF_A_WORKER = [
    Setting("a thread", _thread._count, None),
    Setting("a process", _has_children, None),
    Setting("an open file", _next_descriptor, None),
]
