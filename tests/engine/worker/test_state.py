"""What an exercise leaves behind does not reach the next one; what the file sets when it loads is there every time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blindgrade.engine.answers.slices import compiled, for_worker
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.engine.grading.worker_client import Worker
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.wire.replies import Loaded, Raised, Result

HEAD = "import gc, os, random, signal, sys, threading, warnings\nimport numpy\nimport torch\nkept = []\n"

# What code does, and what shows that it was done.
SET_BACK = {
    "grad mode": ("torch.set_grad_enabled(False)", "torch.is_grad_enabled()"),
    "default dtype": ("torch.set_default_dtype(torch.float64)", "str(torch.ones(1).dtype)"),
    "default device": ("torch.set_default_device('meta')", "str(torch.ones(1).device)"),
    "determinism": ("torch.use_deterministic_algorithms(True)", "torch.are_deterministic_algorithms_enabled()"),
    "anomaly mode": ("torch.autograd.set_detect_anomaly(True)", "torch.is_anomaly_enabled()"),
    "autocast": ("torch.autocast('cpu').__enter__()", "torch.is_autocast_enabled('cpu')"),
    "precision of products": ("torch.set_float32_matmul_precision('medium')", "torch.get_float32_matmul_precision()"),
    "oneDNN": ("torch.backends.mkldnn.enabled = False", "torch.backends.mkldnn.enabled"),
    "small numbers": ("torch.set_flush_denormal(True)", "bool(torch.tensor(1e-40) == 0)"),
    "printing": ("torch.set_printoptions(precision=1)", "str(torch.tensor(0.123))"),
    "hooks of modules": (
        "torch.nn.modules.module.register_module_forward_hook(lambda m, x, y: y * 0)",
        "torch.nn.Identity()(torch.ones(1)).item()",
    ),
    "NumPy's errors": ("numpy.seterr(all='raise')", "numpy.geterr()"),
    "warnings": ("warnings.simplefilter('error')", "[f[0] for f in warnings.filters]"),
    "caught warnings": (
        "warnings.catch_warnings(record=True).__enter__()", "warnings._showwarnmsg_impl.__class__.__name__"),
    "sys.path": ("sys.path.insert(0, '/nowhere')", "sys.path[0]"),
    "a module of the library": ("sys.modules['math'] = random", "sys.modules['math'].__name__"),
    "working folder": ("os.chdir('/')", "os.getcwd()"),
    "environment": ("os.environ['LANG'] = 'de'", "os.environ.get('LANG')"),
    "a function of torch": ("torch.ones = torch.zeros", "torch.ones(1).item()"),
    "a function of torch.nn.functional": ("torch.nn.functional.silu = abs", "torch.nn.functional.silu is abs"),
    "a method of tensors": ("torch.Tensor.__neg__ = lambda self: self", "(-torch.ones(1)).item()"),
    "a method of layers": (
        "torch.nn.Linear.reset_parameters = lambda self: None", "torch.nn.Linear.reset_parameters.__name__"),
    "a builtin": ("import builtins; builtins.divmod = max", "divmod(7, 2)"),
    "a new name in torch": ("torch.secret = 5", "hasattr(torch, 'secret')"),
    "a function of numpy": ("numpy.mean = numpy.sum", "float(numpy.mean(numpy.ones(3)))"),
    "the checks' random source": (
        "import blindgrade.checks as c; c.Rng.number = lambda *a: 7.0", "rng.number() == 7.0"),
    "standard output": ("import io; sys.stdout = io.StringIO()", "type(sys.stdout).__name__"),
    "garbage collector": ("gc.disable()", "gc.isenabled()"),
    "recursion": ("sys.setrecursionlimit(400)", "sys.getrecursionlimit()"),
    "signals": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "int(signal.getsignal(signal.SIGTERM))"),
    "an alarm": ("signal.setitimer(signal.ITIMER_REAL, 1000)", "signal.getitimer(signal.ITIMER_REAL)[0] > 0"),
    "a trace": ("sys.settrace(lambda *a: None)", "sys.gettrace() is None"),
}  # fmt: skip

# These need a fresh worker.
FRESH = {
    "inference mode": (
        "kept.append(torch.inference_mode()); kept[-1].__enter__()", "torch.is_inference_mode_enabled()"),
    "a function mode": (
        "from torch.overrides import BaseTorchFunctionMode as Mode; kept.append(Mode()); kept[-1].__enter__()",
        "torch._C._len_torch_function_stack()",
    ),
    "a device as context": (
        "kept.append(torch.device('meta')); kept[-1].__enter__()", "str(torch.ones(1).device)"),
    "a dispatch mode": (
        "from torch.utils._python_dispatch import TorchDispatchMode as Mode\n"
        "kept.append(type('M', (Mode,), {'__torch_dispatch__': lambda s, f, t, a=(), k=None: f(*a, **(k or {}))})())\n"
        "kept[-1].__enter__()",
        "torch._C._len_torch_dispatch_stack()",
    ),
    "hooks of saved tensors": (
        "kept.append(torch.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x)); kept[-1].__enter__()",
        "torch._C._autograd._top_saved_tensors_default_hooks(False) is None",
    ),
    "a level of forward gradients": (
        "torch.autograd.forward_ad.enter_dual_level()", "torch.autograd.forward_ad._current_level"),
    "a thread": ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "threading.active_count()"),
    "an open file": ("kept.append(open('left.txt', 'w'))", "os.path.exists('left.txt')"),
    "a closed output": ("sys.stdout.close()", "sys.stdout.closed"),
}  # fmt: skip
OWN = {
    "a global name": ("global total; total = 1", "getattr(lesson, 'total', 0)"),
    "a list": ("kept.append(1)", "len(lesson.kept)"),
    "a default value": ("counted()", "lesson.counted()"),
    "a tensor": ("table.add_(1)", "lesson.table.sum().item()"),
    "a network": ("[p.data.zero_() for p in net.parameters()]; net.eval()", "lesson.net.training"),
    "a generator": ("torch.rand(2, generator=source)", "torch.rand(2, generator=lesson.source)"),
    "a file": ("open('left.txt', 'w').close()", "os.path.exists('left.txt')"),
    "an attribute of a class": ("Kept.known = 1", "lesson.Kept.known"),
}
OWN_HEAD = """
total = 0
table = torch.zeros(2)
net = torch.nn.Linear(1, 1)
source = torch.Generator().manual_seed(5)
class Kept:
    known = 0
def counted(seen=[]):
    seen.append(1)
    return len(seen)
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote().ready() as one:
        yield one


class Graded:
    """A lesson in a worker. It gets a fresh worker where the grader would start one."""

    def __init__(self, zygote: Zygote, text: str) -> None:
        self.zygote = zygote
        self.text = text
        self.leaves: list[str] = []
        self.worker = self._fresh()

    def _fresh(self) -> Worker:
        worker = self.zygote.spawn(Limits())
        request = {"op": "load", "module": "m", "text": self.text.encode(), "file": "m.py", "files": {}}
        assert worker.call(request, 30) == Loaded()
        return worker

    def run(self, expression: str) -> Any:
        """Value of an expression of an experiment, evaluated by a check of the next exercise."""
        if self.leaves and self.leaves[-1]:
            self.worker.close()
            self.worker = self._fresh()
        slice_ = compiled({"experiment": f"{HEAD}\ndef probe(lesson, rng):\n    return {expression}\n"})
        request = {"op": "run", "name": "probe", "modules": for_worker(slice_), "seed": 1, "data": (), "device": "cpu"}
        reply = self.worker.call(request, 30)
        assert isinstance(reply, Result | Raised)
        self.leaves.append(reply.leaves)
        assert isinstance(reply, Result), reply
        return reply.value


def function(deed: str) -> str:
    body = deed.replace("\n", "\n    ").replace("; ", "\n    ")
    return f"def leave():\n    {body}\n"


def at_the_top(deed: str) -> str:
    return deed.replace("; ", "\n") + "\n"


@pytest.mark.parametrize("name", SET_BACK)
def test_what_an_exercise_changes_is_set_back_before_the_next(name: str, zygote: Zygote) -> None:
    deed, seen = SET_BACK[name]
    lesson = Graded(zygote, HEAD + function(deed))
    before = lesson.run(seen)
    lesson.run("[lesson.leave(), None][1]")
    assert lesson.run(seen) == before
    assert lesson.leaves == ["", "", ""]  # the same worker
    lesson.worker.close()


@pytest.mark.parametrize("name", FRESH)
def test_what_cannot_be_set_back_ends_the_worker(name: str, zygote: Zygote) -> None:
    deed, seen = FRESH[name]
    lesson = Graded(zygote, HEAD + function(deed))
    before = lesson.run(seen)
    lesson.run("[lesson.leave(), None][1]")
    assert lesson.leaves[-1] == "check"
    assert lesson.run(seen) == before
    lesson.worker.close()


@pytest.mark.parametrize("name", OWN)
def test_a_changed_object_of_the_student_ends_the_worker_before_the_next_exercise(name: str, zygote: Zygote) -> None:
    deed, seen = OWN[name]
    lesson = Graded(zygote, HEAD + OWN_HEAD + function(deed))
    before = lesson.run(seen)
    if lesson.leaves[-1]:  # looking at it changes it
        assert name in ("a default value", "a generator")
    lesson.run("[lesson.leave(), None][1]")
    assert lesson.leaves[-1] == "exercise"
    again = lesson.run(seen)
    assert (again == before) if not hasattr(before, "equal") else before.equal(again)
    lesson.worker.close()


@pytest.mark.parametrize(
    "name", [*(name for name in SET_BACK if name not in ("the checks' random source", "an alarm", "a trace")), *FRESH]
)
def test_what_the_file_sets_when_it_loads_is_there_in_every_experiment(name: str, zygote: Zygote) -> None:
    deed, seen = (SET_BACK | FRESH)[name]
    plain = Graded(zygote, HEAD)
    lesson = Graded(zygote, HEAD + at_the_top(deed))
    first = lesson.run(seen)
    assert first != plain.run(seen)
    assert lesson.run(seen) == first
    assert lesson.leaves == ["", ""]
    for one in (plain, lesson):
        one.worker.close()


def test_an_exercise_that_undoes_what_the_file_sets_does_so_for_itself_alone(zygote: Zygote) -> None:
    lesson = Graded(zygote, HEAD + "torch.set_default_dtype(torch.float64)\n" + function(SET_BACK["default dtype"][0]))
    dtype = "str(torch.ones(1).dtype)"
    assert lesson.run(f"[torch.set_default_dtype(torch.float32), {dtype}][1]") == "torch.float32"
    assert lesson.run(dtype) == "torch.float64"
    lesson.worker.close()


def test_ordinary_work_leaves_nothing(zygote: Zygote) -> None:
    text = HEAD + (
        "def work():\n"
        "    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 1))\n"
        "    optimiser = torch.optim.Adam(net.parameters())\n"
        "    with torch.no_grad(), warnings.catch_warnings(), torch.autocast('cpu', enabled=False):\n"
        "        net(torch.randn(4, 2))\n"
        "    warnings.warn('as libraries do')\n"
        "    torch.manual_seed(3)\n"
        "    net(torch.randn(4, 2)).sum().backward()\n"
        "    optimiser.step()\n"
        "    import decimal\n"
        "    with torch.inference_mode():\n"
        "        return net(torch.ones(1, 2)).item()\n"
    )
    lesson = Graded(zygote, text)
    assert lesson.run("lesson.work()") == lesson.run("lesson.work()")
    assert lesson.leaves == ["", ""]
    lesson.worker.close()
