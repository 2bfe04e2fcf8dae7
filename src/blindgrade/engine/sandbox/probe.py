"""The strongest tier that holds on this machine. Each tier is built in a child, which then tries to break out."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from blindgrade.engine.sandbox import selftest
from blindgrade.engine.sandbox.limits import Limits
from blindgrade.engine.sandbox.posix_limits import address_space_in_use
from blindgrade.engine.sandbox.tiers import TIERS, Tier

LIMITS = Limits(memory_mb=1024, cpu_seconds=20)
MAX_REPORT = 1 << 16


def choose(allowed: list[str], private: list[str]) -> tuple[Tier, dict[str, str]]:
    """The strongest allowed tier that holds here, and the reason why stronger ones do not, by layer.

    `private` are paths that no worker may read. A tier in which a worker can read one of them does not hold.
    """
    missing: dict[str, str] = {}
    for name in allowed:
        tier = TIERS[name]()
        if not tier.isolates:
            return tier, missing
        layers = _probe(tier, private)
        tier.layers |= layers
        gone = {layer: layers[layer] for layer in tier.needs if layers.get(layer)}
        if not gone and layers["self-test"]:
            gone = {"self-test": layers["self-test"]}
        if not gone:
            return tier, missing
        missing |= gone
    return Tier(), missing


def _probe(tier: Tier, private: list[str]) -> dict[str, str]:
    """Build the tier in a child and report its layers."""
    read_end, write_end = os.pipe()
    box = Path(tier.box or mkdtemp(prefix="blindgrade-"))
    child = os.fork()
    if child == 0:
        try:
            os.close(read_end)
            _try(tier, box, private, write_end)
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as report:
        said = report.read(MAX_REPORT)
    os.waitpid(child, 0)
    if not tier.box:
        shutil.rmtree(box, ignore_errors=True)
    layers = {"self-test": "not reached"}
    for line in said.splitlines():
        layers |= json.loads(line)
    return layers


def _try(tier: Tier, box: Path, private: list[str], write_end: int) -> None:
    """Build the tier in the child and try to break out. A later line of the report replaces an earlier one."""
    layer = tier.name
    try:
        if any(tier.layers.get(need) for need in tier.needs):
            return  # known to be missing before anything is built
        if not tier.box:
            os.chown(box, *tier.owner())
        tier.enter()
        layer = "self-test"
        worker = tier.fork()
        if worker:
            os.waitpid(worker, 0)
            return
        tier.confine(LIMITS, box, address_space_in_use())
        broken = selftest.run(box, private)
        tier.layers["self-test"] = "; ".join(f"{name}: {what}" for name, what in broken.items())
    except OSError as error:
        tier.layers[layer] = str(error)
    finally:
        with suppress(OSError):
            os.write(write_end, json.dumps(tier.layers).encode() + b"\n")
