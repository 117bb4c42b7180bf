"""The few instructions between fork and exec of an embedded program. Run as a script, with the standard library only.

``python -I -S launcher.py DEATH_SIGNAL PARENT UID GID PROGRAM ARGUMENT...``

Why a program and not ``preexec_fn``: Python code between fork and exec can deadlock where other threads (gRPC's) hold
locks. Why in this order: the kernel forgets the death signal when a process changes its user (prctl(2)).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
KEEP = -1


def become(uid: int, gid: int) -> None:
    """Drops to an unprivileged account for good; ``KEEP`` keeps the present one."""
    if uid == KEEP:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, death_signal: int) -> None:
    """Asks the kernel for ``death_signal`` when the parent's starting thread ends; only Linux can do so."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Becomes the program; never returns."""
    death_signal, parent, uid, gid = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    os.umask(0o077)
    become(uid, gid)
    die_with(parent, death_signal)
    os.execv(command[0], command)  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
