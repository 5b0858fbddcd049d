"""What a zygote plays before it forks: the same as a run does, and nothing stays of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("a rehearsal needs files without a name", allow_module_level=True)

PLAYED = """\
import json
from grader.sandbox.rehearsal import rehearse

def told(messages):
    facts = [(type(one).__name__, getattr(one, "keys", 0), getattr(one, "payload", b"")) for one in messages]
    return [(kind, keys, payload.decode("latin-1")) for kind, keys, payload in facts]

print(json.dumps([told(part) for part in rehearse(1)]))
"""

STATE = """\
import json, os, sys
from grader.sandbox.rehearsal import rehearse
from pymapr import framework

def state():
    kept = sys.modules["__main__"], framework.get_host(), sys.stdin, os._exit, sys.modules.get("MapReduce")
    return [os.listdir("/proc/self/fd"), os.readlink("/proc/self/fd/0"), sys.argv, sys.path, sorted(map(id, kept))]

rehearse(1)  # the first imports what the engine imports late
before, modules = json.dumps(state()), set(sys.modules)
rehearse(2)
print(json.dumps([json.dumps(state()) == before, sorted(set(sys.modules) - modules)]))
"""

DENIED = """\
import errno, json, os
from grader.sandbox import rehearsal, zygote

def denied(name):
    raise PermissionError(errno.EPERM, "denied")

os.memfd_create = denied
zygote.warm_up()
print(json.dumps("it starts"))
"""


def said(script: str) -> Any:
    """What a script says in a process of its own, as only a zygote's may be played with."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_every_kind_of_message_is_answered_as_in_a_run() -> None:
    """Else it would not be that which is made faster."""
    serial, mapped, reduced = said(PLAYED)
    assert [kind for kind, _, _ in serial] == ["Ready", "Output", "Finished"]
    assert serial[1][2].splitlines()[:2] == ['["to", 2]', '["be", 2]']
    assert {kind for kind, _, _ in mapped} == {"Ready", "Mapped"}
    assert {kind for kind, _, _ in reduced} == {"Ready", "Reduced"}
    assert sum(keys for _, keys, _ in reduced) == serial[-1][1]


def test_nothing_stays_of_it() -> None:
    """No descriptor, no argument, no module, no host."""
    assert said(STATE) == [True, []]


def test_a_zygote_starts_where_nothing_can_be_rehearsed() -> None:
    """Some containers deny files without a name: its runs begin more slowly, that is all."""
    assert said(DENIED) == "it starts"
