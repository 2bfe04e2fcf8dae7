"""Python as it is on Windows, for our own code: `running.py` puts this file on the path of commands.

Modules of ours, and scripts that `WITHOUT_POSIX_SCRIPTS` names, do not find what Windows lacks. Libraries and the
standard library keep what they need. A call that Windows refuses raises here, too. Separators of paths, handles, the
console and the code page of the screen are not emulated.
"""

import builtins
import os
import select
import signal
import socket
import sys
import types
import warnings

MODULES = frozenset({
    "_posixsubprocess", "fcntl", "grp", "nis", "ossaudiodev", "posix", "posixpath", "pty", "pwd", "readline",
    "resource", "spwd", "syslog", "termios", "tty",
})  # fmt: skip
OS = frozenset({
    "chown", "chroot", "confstr", "confstr_names", "copy_file_range", "ctermid", "environb", "eventfd", "fchdir",
    "fchown", "fdatasync", "fork", "forkpty", "fpathconf", "fstatvfs", "getegid", "getenvb", "geteuid", "getgid",
    "getgrouplist", "getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority", "getresgid", "getresuid", "getsid",
    "getuid", "getxattr", "initgroups", "killpg", "lchown", "listxattr", "lockf", "login_tty", "major", "makedev",
    "memfd_create", "minor", "mkfifo", "mknod", "nice", "open_tree", "openpty", "pathconf", "pidfd_open", "pipe2",
    "posix_fadvise", "posix_fallocate", "posix_spawn", "posix_spawnp", "pread", "preadv", "pwrite", "pwritev", "readv",
    "register_at_fork", "removexattr", "sched_getaffinity", "sched_setaffinity", "sched_yield", "sendfile",
    "set_blocking", "get_blocking", "setegid", "seteuid", "setgid", "setgroups", "setns", "setpgid", "setpgrp",
    "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setsid", "setuid", "setxattr", "splice",
    "statvfs", "sync", "sysconf", "sysconf_names", "tcgetpgrp", "tcsetpgrp", "ttyname", "uname", "unshare", "wait",
    "wait3", "wait4", "waitid", "writev", "WNOHANG", "WUNTRACED", "WCONTINUED", "WEXITED", "WSTOPPED", "WNOWAIT",
    "WCOREDUMP", "WEXITSTATUS", "WIFCONTINUED", "WIFEXITED", "WIFSIGNALED", "WIFSTOPPED", "WSTOPSIG", "WTERMSIG",
    "P_ALL", "P_PID", "P_PGID", "P_PIDFD", "O_ASYNC", "O_CLOEXEC", "O_DIRECT", "O_DIRECTORY", "O_DSYNC", "O_NDELAY",
    "O_NOATIME", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "O_RSYNC", "O_SYNC", "O_TMPFILE",
})  # fmt: skip
ALLOWED_SIGNALS = frozenset({"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"})
SIGNAL = frozenset({
    "alarm", "getitimer", "pause", "pidfd_send_signal", "pthread_kill", "pthread_sigmask", "setitimer", "sigpending",
    "sigtimedwait", "sigwait", "sigwaitinfo", "siginterrupt", "ITIMER_PROF", "ITIMER_REAL", "ITIMER_VIRTUAL",
    "SIG_BLOCK", "SIG_SETMASK", "SIG_UNBLOCK",
    *(name for name in dir(signal) if name.startswith("SIG") and "_" not in name and name not in ALLOWED_SIGNALS),
})  # fmt: skip
GONE = {
    "os": OS,
    "signal": SIGNAL,
    "_signal": SIGNAL,
    "socket": frozenset({"AF_UNIX", "send_fds", "recv_fds", "CMSG_LEN", "SCM_RIGHTS", "AF_NETLINK", "AF_PACKET"}),
    "select": frozenset({"poll", "epoll", "devpoll", "kqueue"}),
    "time": frozenset({"clock_gettime", "clock_getres", "clock_settime", "pthread_getcpuclockid", "tzset"}),
    "faulthandler": frozenset({"register", "unregister"}),
    "subprocess": frozenset(),
    "ctypes": frozenset(),
}
SCRIPTS = frozenset(os.environ.get("WITHOUT_POSIX_SCRIPTS", "").split(os.pathsep)) - {""}
HERE = os.path.dirname(os.path.abspath(__file__))
EVERYWHERE = {"PYTHONPATH": HERE, "PYTHONWARNDEFAULTENCODING": "1"}


class Reduced(types.ModuleType):
    """A module as our code sees it: names that are gone do not exist, and some functions refuse more."""

    def __init__(self, real, gone, changed):
        super().__init__(real.__name__)
        vars(self).update(__real=real, __gone=gone, __changed=changed)

    def __getattr__(self, name):
        if name in vars(self)["__gone"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        if name in vars(self)["__changed"]:
            return vars(self)["__changed"][name]
        return getattr(vars(self)["__real"], name)

    def __setattr__(self, name, value):
        setattr(vars(self)["__real"], name, value)

    def __dir__(self):
        return sorted(set(dir(vars(self)["__real"])) - vars(self)["__gone"])


def _open(path, flags, mode=0o777, *, dir_fd=None):
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, flags, mode)


def _rename(source, target):
    if os.path.exists(target):
        raise FileExistsError(17, "Cannot create a file when that file already exists", source, None, target)
    os.rename(source, target)


def _kill(pid, number):
    raise AssertionError(f"os.kill({pid}, {number}) ends a process on Windows, whatever the number is")


def _signal(number, handler):
    if signal.Signals(number).name not in ALLOWED_SIGNALS:
        raise ValueError("invalid signal value")
    return signal.signal(number, handler)


def _valid_signals():
    return {getattr(signal, name) for name in ALLOWED_SIGNALS}


def _select(readers, writers, others, timeout=None):
    if not all(isinstance(one, socket.socket) for one in [*readers, *writers, *others]):
        raise OSError(10038, "An operation was attempted on something that is not a socket")
    return select.select(readers, writers, others, timeout)


def _popen():
    import subprocess

    class Popen(subprocess.Popen):
        def __init__(self, *given, preexec_fn=None, pass_fds=(), start_new_session=False, **options):
            if preexec_fn is not None or pass_fds:
                raise ValueError("preexec_fn and pass_fds are not supported on Windows platforms")
            if options.get("env") is not None:  # a worker, whose environment is made anew
                options["env"] = {**options["env"], **EVERYWHERE}
            super().__init__(*given, **options)

        def send_signal(self, number):
            if number != signal.SIGTERM:
                raise ValueError(f"Unsupported signal: {number}")
            super().send_signal(signal.SIGKILL)  # there is only one way to end a process, and no handler

        def terminate(self):
            self.send_signal(signal.SIGTERM)

        kill = terminate

    return Popen


def _library():
    import ctypes

    def CDLL(name, *given, **options):
        if name is None:
            raise TypeError("expected str, bytes or os.PathLike object, not NoneType")
        return ctypes.CDLL(name, *given, **options)

    return CDLL


CHANGED = {
    "os": lambda: {"open": _open, "rename": _rename, "kill": _kill, "supports_follow_symlinks": frozenset()},
    "signal": lambda: {"signal": _signal, "valid_signals": _valid_signals},
    "select": lambda: {"select": _select},
    "subprocess": lambda: {"Popen": _popen()},
    "ctypes": lambda: {"CDLL": _library()},
}
_made = {}
_import = builtins.__import__


def _ours(names):
    if not names:
        return False
    package = names.get("__package__") or ""
    if names.get("__name__", "").split(".")[0] == "blindgrade" or package.split(".")[0] == "blindgrade":
        return True
    return os.path.basename(str(names.get("__file__", ""))) in SCRIPTS


def reduced(name, real):
    """The module as our code sees it."""
    if name not in _made:
        _made[name] = Reduced(real, GONE[name], CHANGED.get(name, dict)())
    return _made[name]


def without_posix(name, globals=None, locals=None, fromlist=(), level=0):
    """`__import__`, which gives our code what Windows has."""
    found = _import(name, globals, locals, fromlist, level)
    if level == 0 and _ours(globals):
        if name.split(".")[0] in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
        if name in GONE:
            return reduced(name, found)
    return found


def no_proc(event, given):
    """Windows has no /proc and no /dev. Called for every file that is opened."""
    if event not in ("open", "os.listdir", "os.scandir") or not isinstance(given[0], str):
        return
    if given[0].startswith(("/proc", "/dev/")) and given[0] != os.devnull:
        frame = sys._getframe(1)
        while frame is not None and "blindgrade" not in frame.f_globals.get("__name__", ""):
            if frame.f_globals.get("__name__", "").split(".")[0] not in ("pathlib", "io", "os", "glob"):
                return
            frame = frame.f_back
        if frame is not None:
            raise FileNotFoundError(2, "No such file or directory", given[0])


def install():
    """Take away what Windows lacks, in this process and in every Python that it starts."""
    builtins.__import__ = without_posix
    sys.addaudithook(no_proc)
    warnings.filterwarnings("ignore", category=EncodingWarning)
    # The code page of Windows is not UTF-8: every file is opened with a named encoding.
    warnings.filterwarnings("error", category=EncodingWarning, module=r"blindgrade(\..*)?$")


install()
