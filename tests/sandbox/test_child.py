"""What a fork has become before the first line of student code: nothing of the zygote's is left, every limit is on."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

BECOME = """\
import ctypes, json, os, resource, sys
from pathlib import Path
from grader.sandbox import child, landlock
from grader.sandbox.layers import Layers, Wanted
from grader.sandbox.limits import ChildLimits

folder, wanted, places, extra = sys.argv[1], Wanted(*json.loads(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_NOFILE, (3000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
usual = list(landlock.readable_places([]))
for number in range(places):
    Path(folder, f"library-{number}").mkdir()
landlock.readable_places = lambda _: usual + [f"{folder}/library-{number}" for number in range(places)]
layers = Layers(wanted, [])
left_open = [os.dup2(0, descriptor) for descriptor in range(extra, extra + 5)]
child.prepare()
answer, told = os.pipe()
if os.fork() == 0:
    own = Path(folder, "own")
    own.mkdir()
    feed, prints = os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
    results, lifeline = told, os.pipe()[0]
    child.become(str(own), [feed, results, lifeline, prints, feed], ChildLimits(3, 2**28, 2**20), layers)
    def is_open(descriptor):
        try:
            os.fstat(descriptor)
        except OSError:
            return False
        return True
    kinds = "CPU DATA AS FSIZE CORE NOFILE".split()
    told_of = {
        "open": sum(map(is_open, range(3, 2999))),
        "left": [number for number in left_open if is_open(number)],
        "limits": {kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in kinds},
        "new privileges": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 0,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "session": os.getsid(0) == os.getpid(),
        "capabilities": wanted.landlock == 0 and Path("/proc/self/status").read_text().split("CapEff:")[1].split()[0],
    }
    os.write(results, json.dumps(told_of).encode())
    os._exit(0)
os.close(told)
print(os.read(answer, 65536).decode())
"""


def become(folder: Path, *wanted: object, places: int = 0, extra: int = 500) -> dict[str, Any]:
    """What a fork tells of itself when it has become what it should."""
    command = [sys.executable, "-c", BECOME, str(folder), json.dumps(wanted), str(places), str(extra)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_only_what_a_run_needs_is_open(tmp_path: Path) -> None:
    """Feed, results and lifeline; prints are where stdout is."""
    found = become(tmp_path)
    assert (found["open"], found["left"]) == (3, [])


def test_descriptors_beyond_the_usual_thousand_are_closed_too(tmp_path: Path) -> None:
    """A grader of a large class has many."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 3000:
        pytest.skip("so many cannot be opened here")
    assert become(tmp_path, extra=2500)["left"] == []


def test_more_rules_than_a_submission_may_have_files_open(tmp_path: Path) -> None:
    """A library that holds the grader is given package by package, and there may be hundreds."""
    assert become(tmp_path, places=400)["limits"]["NOFILE"] == [256, 256]


def test_the_kernel_holds_it_to_its_limits(tmp_path: Path) -> None:
    """CPU seconds with one to spare, and two more for who is deaf; data, room for libraries, files, no core dumps."""
    assert become(tmp_path)["limits"] == {
        "CPU": [4, 6],
        "DATA": [2**28, 2**28],
        "AS": [2**28 + 3 * 2**29, 2**28 + 3 * 2**29],
        "FSIZE": [2**20, 2**20],
        "CORE": [0, 0],
        "NOFILE": [256, 256],
    }


@pytest.mark.parametrize("wanted", [(), (0, False)], ids=["all layers", "no layers"])
def test_no_program_that_it_might_start_can_gain_rights(tmp_path: Path, wanted: tuple[object, ...]) -> None:
    """Even where no other layer is to be had: what it became could not be killed."""
    assert become(tmp_path, *wanted)["new privileges"] is False


def test_as_root_it_holds_no_capability(tmp_path: Path) -> None:
    """Whoever it is."""
    assert become(tmp_path, 0, False)["capabilities"] == "0" * 16


def test_it_works_in_its_folder_and_knows_nothing_else(tmp_path: Path) -> None:
    """In a session of its own."""
    found = become(tmp_path)
    assert found["folder"] == str(tmp_path / "own")
    assert found["session"]
    assert found["environment"]["HOME"] == found["environment"]["TMPDIR"] == found["folder"]
    assert not {name for name in found["environment"] if "PYTHON" in name or "COV" in name}
