"""Landlock limits a process to some folders, whatever its user may read. Linux 5.13 and newer.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import os
import struct

from blindgrade.engine.sandbox import kernel

VERSION_FLAG = 1
RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 4, 1 << 5, 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

FILES_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK_SINCE, NETWORK = 4, 0b11  # bind and connect of TCP
SCOPES_SINCE, SCOPES = 6, 0b11  # abstract Unix sockets and signals reach only processes under the same rules

READ = READ_FILE | READ_DIR
FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE


def abi() -> int:
    """Landlock version of the kernel. OSError if it has none."""
    return kernel.syscall("landlock_create", 0, 0, VERSION_FLAG)


def restrict(readable: list[str], writable: list[str]) -> None:
    """Limit this process for good to these folders and files, without TCP and without other processes.

    A path that does not exist is skipped. The process needs no_new_privs.
    """
    version = abi()
    files = max(rights for since, rights in FILES_OF_ABI.items() if since <= version)
    network = NETWORK if version >= NETWORK_SINCE else 0
    scopes = SCOPES if version >= SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", files, network, scopes)
    # An older kernel takes only the shorter structure that it knows.
    size = 24 if scopes else 16 if network else 8
    ruleset = kernel.syscall("landlock_create", attributes[:size], size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, READ & files)
        for path in writable:
            _allow(ruleset, path, WRITE & files)
        kernel.syscall("landlock_restrict", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= FILE_ONLY
        kernel.syscall("landlock_add", ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
