"""How to get a layer of a sandbox that this machine lacks."""

from __future__ import annotations

NO_WALL = (
    "this system has no wall between the code that is graded and your files, so it does not grade other people's code;"
    " run this command in WSL 2 (`wsl --install`), in a Linux container or on a Linux machine"
)
NO_WALL_HERE = "this system has no namespaces, no Landlock and no seccomp"
REMEDIES = {
    "namespaces": "let this user make user namespaces: on Ubuntu `sudo sysctl -w"
    " kernel.apparmor_restrict_unprivileged_userns=0`, on Debian `sudo sysctl -w kernel.unprivileged_userns_clone=1`,"
    " in Docker `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`; Linux 5.12 or newer",
    "landlock": "Linux 5.13 or newer with `landlock` in the kernel's lsm= list; see `cat /sys/kernel/security/lsm`",
    "seccomp": "a kernel with seccomp filters, on x86_64 or aarch64",
    "self-test": "report it: a wall was built and did not hold",
}


def explain(missing: dict[str, str]) -> str:
    """Text that names each missing layer, the reason, and how to get it."""
    return "\n".join(f"  {layer}: {why}\n    needed: {REMEDIES.get(layer, '')}" for layer, why in missing.items())
