"""Numbers of the system calls that a worker may make, for each processor architecture.

The numbers are from the kernel's tables, as libseccomp 2.5 lists them. A newer architecture has no number for an old
call that a newer call replaced.
"""

from __future__ import annotations

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Allowed with any arguments.
ALLOWED: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "readv": 19, "writev": 20, "pread64": 17, "pwrite64": 18, "preadv": 295,
        "pwritev": 296, "preadv2": 327, "pwritev2": 328, "lseek": 8, "open": 2, "openat": 257, "openat2": 437,
        "creat": 85, "close": 3, "close_range": 436, "stat": 4, "fstat": 5, "lstat": 6, "newfstatat": 262,
        "statx": 332, "access": 21, "faccessat": 269, "faccessat2": 439, "readlink": 89, "readlinkat": 267,
        "getdents": 78, "getdents64": 217, "getcwd": 79, "chdir": 80, "fchdir": 81, "mkdir": 83, "mkdirat": 258,
        "rmdir": 84, "unlink": 87, "unlinkat": 263, "rename": 82, "renameat": 264, "renameat2": 316, "symlink":
        88, "symlinkat": 266, "truncate": 76, "ftruncate": 77, "fallocate": 285, "fadvise64": 221, "fsync": 74,
        "fdatasync": 75, "sync_file_range": 277, "flock": 73, "fcntl": 72, "dup": 32, "dup2": 33, "dup3": 292,
        "pipe": 22, "pipe2": 293, "utimensat": 280, "utime": 132, "utimes": 235, "futimesat": 261, "chmod": 90,
        "fchmod": 91, "fchmodat": 268, "umask": 95, "statfs": 137, "fstatfs": 138, "copy_file_range": 326,
        "sendfile": 40, "getxattr": 191, "lgetxattr": 192, "fgetxattr": 193, "listxattr": 194, "llistxattr":
        195, "flistxattr": 196, "poll": 7, "ppoll": 271, "select": 23, "pselect6": 270, "epoll_create": 213,
        "epoll_create1": 291, "epoll_ctl": 233, "epoll_wait": 232, "epoll_pwait": 281, "epoll_pwait2": 441,
        "eventfd": 284, "eventfd2": 290, "timerfd_create": 283, "timerfd_settime": 286, "timerfd_gettime": 287,
        "nanosleep": 35, "clock_nanosleep": 230, "clock_gettime": 228, "clock_getres": 229, "gettimeofday": 96,
        "time": 201, "getitimer": 36, "setitimer": 38, "alarm": 37, "pause": 34, "restart_syscall": 219, "mmap":
        9, "mprotect": 10, "munmap": 11, "mremap": 25, "brk": 12, "madvise": 28, "msync": 26, "mincore": 27,
        "mlock": 149, "mlock2": 325, "munlock": 150, "membarrier": 324, "rt_sigaction": 13, "rt_sigprocmask":
        14, "rt_sigreturn": 15, "rt_sigpending": 127, "rt_sigtimedwait": 128, "rt_sigsuspend": 130,
        "sigaltstack": 131, "getpid": 39, "gettid": 186, "getppid": 110, "getuid": 102, "geteuid": 107,
        "getgid": 104, "getegid": 108, "getgroups": 115, "getpgid": 121, "getpgrp": 111, "getsid": 124,
        "getresuid": 118, "getresgid": 120, "getrlimit": 97, "getrusage": 98, "times": 100, "sysinfo": 99,
        "uname": 63, "getcpu": 309, "sched_yield": 24, "sched_getaffinity": 204, "sched_getparam": 143,
        "sched_getscheduler": 145, "sched_get_priority_max": 146, "sched_get_priority_min": 147, "getpriority":
        140, "getrandom": 318, "arch_prctl": 158, "futex": 202, "set_robust_list": 273, "get_robust_list": 274,
        "set_tid_address": 218, "rseq": 334, "exit": 60, "exit_group": 231, "wait4": 61, "waitid": 247,
        "recvfrom": 45, "sendto": 44, "recvmsg": 47, "getsockname": 51, "getpeername": 52, "getsockopt": 55,
        "shutdown": 48,
    },
    "aarch64": {
        "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "pwrite64": 68, "preadv": 69,
        "pwritev": 70, "preadv2": 286, "pwritev2": 287, "lseek": 62, "openat": 56, "openat2": 437, "close": 57,
        "close_range": 436, "fstat": 80, "newfstatat": 79, "statx": 291, "faccessat": 48, "faccessat2": 439,
        "readlinkat": 78, "getdents64": 61, "getcwd": 17, "chdir": 49, "fchdir": 50, "mkdirat": 34, "unlinkat":
        35, "renameat": 38, "renameat2": 276, "symlinkat": 36, "truncate": 45, "ftruncate": 46, "fallocate": 47,
        "fadvise64": 223, "fsync": 82, "fdatasync": 83, "sync_file_range": 84, "flock": 32, "fcntl": 25, "dup":
        23, "dup3": 24, "pipe2": 59, "utimensat": 88, "fchmod": 52, "fchmodat": 53, "umask": 166, "statfs": 43,
        "fstatfs": 44, "copy_file_range": 285, "sendfile": 71, "getxattr": 8, "lgetxattr": 9, "fgetxattr": 10,
        "listxattr": 11, "llistxattr": 12, "flistxattr": 13, "ppoll": 73, "pselect6": 72, "epoll_create1": 20,
        "epoll_ctl": 21, "epoll_pwait": 22, "epoll_pwait2": 441, "eventfd2": 19, "timerfd_create": 85,
        "timerfd_settime": 86, "timerfd_gettime": 87, "nanosleep": 101, "clock_nanosleep": 115, "clock_gettime":
        113, "clock_getres": 114, "gettimeofday": 169, "getitimer": 102, "setitimer": 103, "restart_syscall":
        128, "mmap": 222, "mprotect": 226, "munmap": 215, "mremap": 216, "brk": 214, "madvise": 233, "msync":
        227, "mincore": 232, "mlock": 228, "mlock2": 284, "munlock": 229, "membarrier": 283, "rt_sigaction":
        134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "rt_sigpending": 136, "rt_sigtimedwait": 137,
        "rt_sigsuspend": 133, "sigaltstack": 132, "getpid": 172, "gettid": 178, "getppid": 173, "getuid": 174,
        "geteuid": 175, "getgid": 176, "getegid": 177, "getgroups": 158, "getpgid": 155, "getsid": 156,
        "getresuid": 148, "getresgid": 150, "getrlimit": 163, "getrusage": 165, "times": 153, "sysinfo": 179,
        "uname": 160, "getcpu": 168, "sched_yield": 124, "sched_getaffinity": 123, "sched_getparam": 121,
        "sched_getscheduler": 120, "sched_get_priority_max": 125, "sched_get_priority_min": 126, "getpriority":
        141, "getrandom": 278, "futex": 98, "set_robust_list": 99, "get_robust_list": 100, "set_tid_address":
        96, "rseq": 293, "exit": 93, "exit_group": 94, "wait4": 260, "waitid": 95, "recvfrom": 207, "sendto":
        206, "recvmsg": 212, "getsockname": 204, "getpeername": 205, "getsockopt": 209, "shutdown": 210,
    },
}  # fmt: skip

# Allowed or refused by their arguments.
BY_ARGUMENT: dict[str, dict[str, int]] = {
    "x86_64": {
        "clone": 56, "clone3": 435, "ioctl": 16, "prctl": 157, "kill": 62, "tgkill": 234, "prlimit64": 302,
    },
    "aarch64": {
        "clone": 220, "clone3": 435, "ioctl": 29, "prctl": 167, "kill": 129, "tgkill": 131, "prlimit64": 261,
    },
}  # fmt: skip
