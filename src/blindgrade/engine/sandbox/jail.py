"""The outer wall: a process in namespaces of its own, on a read-only root that holds only what `layout` lists.

The grader builds it once for a warm process. A worker that breaks its own layers is still inside this wall. The kernel
decides the order of the steps: a user namespace gives the right to make the other namespaces, and only the namespace
that made a mount may remove it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from blindgrade.engine.sandbox import kernel, layout
from blindgrade.engine.sandbox.limits import Limits

NAMESPACES = (
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS | kernel.CLONE_NEWNET | kernel.CLONE_NEWCGROUP
)  # fmt: skip
FIRST_SLOT = 0x70000000  # user ids that no system gives to anybody (systemd, "Users, Groups, UIDs and GIDs")
READ_ONLY = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID
PASSWD = "student:x:{uid}:{gid}::/box:/bin/false\n"


def own_user() -> tuple[int, int]:
    """User and group of the workers: a number that only this process uses if it is root, else its own."""
    if os.geteuid() == 0:
        slot = FIRST_SLOT + os.getpid()
        return slot, slot
    return os.geteuid(), os.getegid()


def enter() -> None:
    """Move this process into the jail. OSError if the machine refuses.

    The next child is process 1 of the jail. This process is not counted in the jail and should only wait for the child.
    """
    uid, gid = own_user()
    _new_user_namespace(uid, gid)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    _build_root(uid, gid)
    kernel.set_host_name("box")
    _become(uid, gid)


def _new_user_namespace(uid: int, gid: int) -> None:
    """Make new namespaces, in which `uid` and `gid` have the same numbers as outside.

    Only a process outside can write the user map. A helper that is forked before does it.
    """
    root = os.geteuid() == 0
    me = os.getpid()
    made_in, made_out = os.pipe()
    written_in, written_out = os.pipe()
    helper = os.fork()
    if helper == 0:
        _run_and_exit(lambda: _write_maps(me, uid, gid, root, (made_in, made_out), written_out))
    try:
        os.close(made_in)
        os.close(written_out)
        kernel.unshare(NAMESPACES)
        os.write(made_out, b"1")
        if os.read(written_in, 1) != b"1":
            raise PermissionError(1, "the user map of the new namespace could not be written")
    finally:
        os.close(made_out)
        os.close(written_in)
        os.waitpid(helper, 0)


def _write_maps(pid: int, uid: int, gid: int, root: bool, made: tuple[int, int], written: int) -> None:
    os.close(made[1])
    if os.read(made[0], 1) != b"1":
        return
    # Root keeps its own number until the new root is complete: it owns the folders above the code.
    also = "0 0 1\n" if root else ""
    if not root:
        _write(f"/proc/{pid}/setgroups", "deny")
    _write(f"/proc/{pid}/gid_map", f"{also}{gid} {gid} 1\n")
    _write(f"/proc/{pid}/uid_map", f"{also}{uid} {uid} 1\n")
    os.write(written, b"1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _run_and_exit(work: Callable[[], None]) -> NoReturn:
    try:
        work()
    except OSError:
        os._exit(1)
    os._exit(0)


def _build_root(uid: int, gid: int) -> None:
    """Build a new root on a tmpfs. The old root is at /old until the last step."""
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    os.mkdir("/tmp/new")
    os.mkdir("/tmp/old")
    code = layout.code()
    kernel.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    # Only a mount can become a root.
    kernel.mount("tmpfs", "/new", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    shared = READ_ONLY | kernel.MOUNT_ATTR_NODEV
    for path in layout.LIBRARIES:
        if os.path.islink("/old" + path):
            os.makedirs(os.path.dirname("/new" + path), exist_ok=True)
            os.symlink(os.readlink("/old" + path), "/new" + path)
        else:
            _show(path, path, shared)
    for path, source in code.items():
        _show(source, path, shared)
    for path in layout.DATA:
        _show(path, path, shared)
    for path in layout.DEVICES:
        _show(path, path, READ_ONLY | kernel.MOUNT_ATTR_NOEXEC)
    for path in (layout.BOX, layout.SHARED_MEMORY):
        os.makedirs("/new" + path)
    # torch's compiler makes a cache folder when it is imported. Each worker mounts its own box over this one.
    kernel.mount(
        "box", "/new" + layout.BOX, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"size=16m,uid={uid},gid={gid}"
    )
    if not os.path.exists("/new/tmp"):
        os.symlink("/box", "/new/tmp")  # for code that names /tmp
    os.makedirs("/new/etc", exist_ok=True)
    _write("/new/etc/passwd", PASSWD.format(uid=uid, gid=gid))
    kernel.set_attributes("/new", READ_ONLY | kernel.MOUNT_ATTR_NODEV, recursive=False)
    os.chdir("/new")
    kernel.pivot_root(".", ".")  # the old root now covers the new one
    kernel.unmount(".")
    os.chdir("/")


def _show(source: str, target: str, attributes: int) -> None:
    """Make a path of the old root visible in the new one."""
    source, target = "/old" + source, "/new" + target
    if not os.path.exists(source):
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    kernel.bind(source, target, attributes)


def _become(uid: int, gid: int) -> None:
    """Become the user, and keep the rights over our namespaces: each worker gets more namespaces."""
    if os.geteuid() != uid:
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        kernel.set_capabilities(kernel.permitted_capabilities())
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


class Fork:
    """Forks workers. Each is process 1 of its own process namespace. Process 1 of the jail uses it."""

    def __init__(self) -> None:
        self._myself = os.pidfd_open(os.getpid()) if sys.platform == "linux" else -1

    def __call__(self) -> int:
        """Like os.fork()."""
        # The kernel lets a process make a namespace for its children only while it would fork into its own.
        kernel.setns(self._myself, kernel.CLONE_NEWPID)
        kernel.unshare(kernel.CLONE_NEWPID)
        return os.fork()


def furnish(limits: Limits) -> None:
    """Give a new worker its own box, shared memory and message queues. They vanish when it ends."""
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("box", layout.BOX, "tmpfs", flags, f"size={limits.file_mb}m,nr_inodes={limits.files},mode=700")
    kernel.mount("shm", layout.SHARED_MEMORY, "tmpfs", flags, "size=16m,nr_inodes=256,mode=700")
