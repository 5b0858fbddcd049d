"""Which user a slot becomes under root: one that no other slot on this machine is, whoever grades there."""

from __future__ import annotations

import itertools
import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.sandbox.layers import Wanted

USERS = range(61184, 65520)
"""The uids that systemd keeps for services without a name of their own; no account has one."""

_turns = itertools.count()
_leases: dict[int, socket.socket] = {}


def own_user(wanted: Wanted) -> Wanted:
    """The same layers with a uid for this process's use, until it is given back; unchanged where none is wanted."""
    if not wanted.user:
        return wanted
    first = os.getpid() * 16 + next(_turns)
    free = (user for step in range(len(USERS)) if _lease(user := USERS[(first + step) % len(USERS)]))
    return wanted._replace(user=next(free, USERS[first % len(USERS)]))


def give_back(wanted: Wanted) -> None:
    """Another slot may be this user now; that it is nobody's already is no trouble."""
    if lease := _leases.pop(wanted.user, None):
        lease.close()


def _lease(user: int) -> bool:
    """Take a uid; False if somebody has it. A name that Linux gives once, and takes back when its process ends."""
    if sys.platform != "linux":
        return True
    lease = socket.socket(socket.AF_UNIX)
    try:
        lease.bind(f"\0pymapr-grade user {user}")
    except OSError:
        lease.close()
        return False
    _leases[user] = lease
    return True
