"""The command `pymapr run`: its options, its exit codes, its messages word for word."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.conftest import clean_environment
from engine.villains import KILLED, ONCE, data, job
from pymapr import __version__
from pymapr.timings import PHASES

if TYPE_CHECKING:
    from engine.conftest import Command

OURS = "[0, 63]\n[1, 70]\n[2, 57]\n"
QUIET = ("--progress", "none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job and its data."""
    job(tmp_path)
    data(tmp_path)
    return tmp_path


# ---- what it yields --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["stable", "arrival", "scramble:3"])
@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_output_goes_to_stdout_and_nothing_else_does(
    folder: Path, pymapr: Command, order: str, workers: str
) -> None:
    """In every order; progress goes to stderr."""
    done = pymapr("run", "job.py", "data.json", "--order", order, "--workers", workers)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines(keepends=True)) == OURS.splitlines(keepends=True)
    assert done.stderr.startswith(f"pymapr: master: data.json (50 bytes); {workers} workers, order {order}\n")


def test_data_may_be_several_files_packed_or_standard_input(folder: Path, pymapr: Command) -> None:
    """In the order in which they are named."""
    (folder / "more.json.gz").write_bytes(gzip.compress(b"20\n21\n"))
    done = pymapr("run", "job.py", "data.json", "more.json.gz", "-", *QUIET, input="22\n23\n")
    assert (done.returncode, done.stdout) == (0, "[0, 84]\n[1, 92]\n[2, 100]\n")


def test_data_may_come_through_a_descriptor(folder: Path, pymapr: Command) -> None:
    """As the shell's `<(command)` gives it."""
    read, write = os.pipe()
    os.write(write, b"1\n2\n")
    os.close(write)
    done = pymapr("run", "job.py", f"/dev/fd/{read}", *QUIET, pass_fds=[read])
    os.close(read)
    assert done.stdout == "[1, 1]\n[2, 2]\n"


def test_a_remark_is_told_unless_silenced(folder: Path, pymapr: Command) -> None:
    """Blank lines, for instance."""
    (folder / "data.json").write_text("1\n\n2\n")
    for engine in ("serial", "parallel"):
        told = pymapr("run", "job.py", "data.json", "--engine", engine, "--progress", "plain").stderr
        assert "pymapr: remark: 1 blank line(s) in the data were skipped\n" in told
        assert pymapr("run", "job.py", "data.json", "--engine", engine, *QUIET).stderr == ""


BESIDE = "import MapReduce\nmr = MapReduce.MapReduce()\ndef mapper(record): {}\ndef reducer(key, values): {}\n"


@pytest.mark.parametrize("engine", ["serial", "parallel"])
@pytest.mark.parametrize("gives", ["yield", "return"])
def test_a_mapper_that_emits_nothing_beside_an_mr_is_warned_of(
    folder: Path, pymapr: Command, gives: str, engine: str
) -> None:
    """No output and no word would leave its author guessing; it is no failure, as some data has nothing to emit."""
    (folder / "job.py").write_text(BESIDE.format(f"{gives} record, 1", "mr.emit(key)"))
    done = pymapr("run", "job.py", "data.json", "--engine", engine)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith(
        "pymapr: warning: the mapper emitted nothing, from 20 records\n"
        "\nhint: with a global mr, call mr.emit_intermediate(key, value): what the mapper yields or returns does not"
        " count; without an mr, yield key, value\n"
    )
    assert pymapr("run", "job.py", "data.json", "--engine", engine, *QUIET).stderr == ""


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_run_that_has_nothing_to_say_is_not_warned_of(folder: Path, pymapr: Command, engine: str) -> None:
    """No records; a mapper that emits output itself; a reducer that keeps silent."""
    (folder / "empty.json").touch()
    assert "warning" not in pymapr("run", "job.py", "empty.json", "--engine", engine).stderr
    for mapper in ("mr.emit(record)", "mr.emit_intermediate(record, 1)"):
        (folder / "job.py").write_text(BESIDE.format(mapper, "pass"))
        assert "warning" not in pymapr("run", "job.py", "data.json", "--engine", engine).stderr


def test_timings_are_written_as_one_run_object(folder: Path, pymapr: Command) -> None:
    """Complete, for both engines."""
    for engine in ("serial", "parallel"):
        done = pymapr("run", "job.py", "data.json", "--engine", engine, "--timings", "t.json", *QUIET)
        assert done.stdout == OURS
        told = json.loads((folder / "t.json").read_text())
        assert (told["engine"], told["order"], told["records"], told["pairs"], told["keys"]) == (
            engine,
            "stable",
            20,
            20,
            3,
        )
        assert list(told["phases"]) == [*PHASES, "total"]
        assert {span["phase"] for span in told["spans"]} == {*PHASES}
        assert told["phases"]["total"] == told["wall"] > 0


def test_memory_is_a_budget(folder: Path, pymapr: Command) -> None:
    """In the units that people write."""
    for size in ("16MB", "1gb", "20000000", "0.5GiB", "64 MB"):
        assert pymapr("run", "job.py", "data.json", "--memory", size, *QUIET).stdout == OURS


# ---- where it goes ---------------------------------------------------------------------------------------------------


def test_an_output_file_appears_only_when_it_is_complete(folder: Path, pymapr: Command) -> None:
    """A failing run leaves the old one as it was, and nothing half-written."""
    (folder / "out.json").write_text("before\n")
    job(folder, "1 / 0", name="bad.py")
    assert pymapr("run", "bad.py", "data.json", "--output", "out.json", *QUIET).returncode == 1
    assert (folder / "out.json").read_text() == "before\n"
    done = pymapr("run", "job.py", "data.json", "--output", "out.json", *QUIET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "out.json").read_text() == OURS
    assert sorted(path.name for path in folder.glob("*.json*")) == ["data.json", "out.json"]


def test_a_link_stays_a_link_and_a_device_a_device(folder: Path, pymapr: Command) -> None:
    """What is no plain file is written to, not replaced."""
    (folder / "real.json").touch()
    (folder / "link.json").symlink_to("real.json")
    assert pymapr("run", "job.py", "data.json", "--output", "link.json", *QUIET).returncode == 0
    assert (folder / "link.json").is_symlink()
    assert (folder / "real.json").read_text() == OURS
    assert pymapr("run", "job.py", "data.json", "--output", "/dev/null", *QUIET).returncode == 0
    assert Path("/dev/null").is_char_device()
    done = pymapr("run", "job.py", "data.json", "--output", "/dev/stdout", *QUIET)
    assert done.stderr == ""


NO_PLACE = {"no/such/out.json": "No such file or directory", "job.py/out.json": "Not a directory"}


@pytest.mark.parametrize("option", ["--output", "--timings"])
@pytest.mark.parametrize(("path", "says"), NO_PLACE.items())
def test_a_place_that_cannot_be_written_is_told_before_the_run(
    folder: Path, pymapr: Command, option: str, path: str, says: str
) -> None:
    """Exit code 4, and no output."""
    done = pymapr("run", "job.py", "data.json", option, path, *QUIET)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"pymapr: error: {path}: {says}\n\nhint: the folder must exist and be writable\n"


def test_a_full_disk_under_the_output_is_told(folder: Path, pymapr: Command) -> None:
    """Exit code 3, no half-written file; `/dev/full` is one that is always full."""
    message = "No space left on device\n\nhint: is there room for the output where it goes?\n"
    with Path("/dev/full").open("w") as full:
        done = pymapr("run", "job.py", "data.json", *QUIET, stdout=full, capture_output=False, stderr=-1)
        assert (done.returncode, done.stderr) == (3, f"pymapr: error: stdout: {message}")
        dropped = pymapr_dropin(folder, full)
        assert (dropped.returncode, dropped.stderr) == (3, f"pymapr: error: stdout: {message}")
    done = pymapr("run", "job.py", "data.json", "--output", "/dev/full", *QUIET)
    assert (done.returncode, done.stderr) == (3, f"pymapr: error: /dev/full: {message}")


def pymapr_dropin(folder: Path, stdout: object) -> subprocess.CompletedProcess[str]:
    """`python job.py data.json`, with this stdout."""
    environment = clean_environment() | {"PYMAPR_PROGRESS": "none"}
    command = [sys.executable, "job.py", "data.json"]
    return subprocess.run(command, cwd=folder, env=environment, stdout=stdout, stderr=-1, text=True, check=False)  # type: ignore[call-overload,no-any-return]  # a file, or one of subprocess's numbers


def test_an_output_that_no_longer_fits_leaves_no_file(folder: Path, pymapr: Command) -> None:
    """Here: no file may be larger than a kilobyte."""
    job(folder, "mr.emit('x' * 999)")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731 - as subprocess wants it
    unmeasured = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}  # whose own file is larger than that
    done = pymapr("run", "job.py", "data.json", "--output", "out.json", *QUIET, preexec_fn=limit, env=unmeasured)
    assert done.returncode == 3
    assert (
        done.stderr == "pymapr: error: out.json: File too large\n\nhint: is there room for the output where it goes?\n"
    )
    assert not list(folder.glob("out.json*"))


@pytest.mark.parametrize("engine", ["serial", "parallel"])
@pytest.mark.parametrize("size", [10, 10**6], ids=["little", "much"])
def test_a_reader_that_leaves_early_ends_it_quietly(folder: Path, engine: str, size: int) -> None:
    """As `| head` does: exit code 0, not a word."""
    job(folder, f"mr.emit('x' * {size})")
    options = ["--engine", engine, *QUIET]
    command = [sys.executable, "-m", "pymapr", "run", "job.py", "data.json", *options]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, cwd=folder, env=clean_environment(), stdout=write, stderr=-1, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_whose_reader_leaves_early_ends_quietly(folder: Path) -> None:
    """The drop-in too."""
    read, write = os.pipe()
    os.close(read)
    done = pymapr_dropin(folder, write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


# ---- exit codes and messages -----------------------------------------------------------------------------------------

USAGE = "pymapr run [-h] "
REFUSED = {
    "--workers four": "argument --workers: expected a whole number of at least 1, got 'four'",
    "--workers 0": "argument --workers: expected a whole number of at least 1, got '0'",
    "--memory much": "argument --memory: expected a size such as 512MB or 2GB, got 'much'",
    "--memory 5TB": "argument --memory: expected a size such as 512MB or 2GB, got '5TB'",
    "--memory nan": "argument --memory: expected a size such as 512MB or 2GB, got 'nan'",
    "--engine dusk": "argument --engine: invalid choice: 'dusk' (choose from 'serial', 'parallel')",
    "--progress loud": "argument --progress: invalid choice: 'loud' (choose from 'auto', 'plain', 'none')",
    "--colour": "unrecognized arguments: --colour",
}


@pytest.mark.parametrize(("option", "says"), REFUSED.items())
def test_a_wrong_command_line_is_refused(folder: Path, pymapr: Command, option: str, says: str) -> None:
    """Usage, error, where there is help; exit code 4."""
    done = pymapr("run", "job.py", "data.json", *option.split())
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("usage: pymapr ")
    assert f"\npymapr: error: {says}\n\nhint: pymapr" in done.stderr
    assert done.stderr.endswith("--help\n")


WRONG = {
    "job.py dta.json": ("dta.json: no such file", "did you mean data.json?", 4),
    "job.py .": (". is a folder", "name the files in it, as in data/*.json", 4),
    "job.py - -": ("standard input (-) can be read only once", "", 4),
    "job.py data.json --memory 1KB": ("memory: expected at least 1MB, got 1024 bytes", "write `--memory 256MB`", 4),
    "job.py data.json --order any": (
        "order: expected stable, arrival or scramble:SEED, got 'any'",
        "SEED is a whole number of at most 18 digits, as in scramble:7",
        4,
    ),
    "jab.py data.json": ("jab.py: No such file or directory (in load)", "did you mean job.py?", 1),
    "job.py bad.json": (
        "not JSON: Expecting value at column 1, in bad (in read, bad.json:2)",
        "the input is JSON lines: one JSON document a line",
        4,
    ),
}


@pytest.mark.parametrize(("command", "answer"), WRONG.items())
@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_what_cannot_be_run_is_told(
    folder: Path, pymapr: Command, command: str, answer: tuple[str, str, int], engine: str
) -> None:
    """Message, mend, exit code: word for word."""
    (folder / "bad.json").write_text("1\nbad\n")
    done = pymapr("run", *command.split(), "--engine", engine, *QUIET)
    says, hint, code = answer
    assert done.stderr == f"pymapr: error: {says}\n" + (f"\nhint: {hint}\n" if hint else "")
    assert (done.returncode, done.stdout) == (code, "")


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_job_that_fails_ends_with_1(folder: Path, pymapr: Command, engine: str) -> None:
    """Message, place, own frames; no traceback of ours."""
    job(folder, "mr.emit_intermediate(1 // (record - 7), 1)")
    done = pymapr("run", "job.py", "data.json", "--engine", engine, *QUIET)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "pymapr: error: ZeroDivisionError: integer division or modulo by zero (in map, data.json:8)\n"
        '  File "job.py", line 7, in mapper\n'
        "    mr.emit_intermediate(1 // (record - 7), 1)\n"
    )


def test_a_worker_that_dies_ends_with_3(folder: Path, pymapr: Command) -> None:
    """The engine could not finish."""
    job(folder, KILLED)
    done = pymapr("run", "job.py", "data.json", "--workers", "1", *QUIET)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "pymapr: error: worker 0 died (SIGKILL) while it mapped data.json, lines 1 to 20\n"
        "\nhint: run it with --engine serial to see whether the job's own code ends the process; if not, was there "
        "enough memory?\n"
    )


def test_a_worker_that_somebody_terminates_is_replaced(folder: Path, pymapr: Command) -> None:
    """SIGTERM means an orderly end only to the master."""
    job(folder, ONCE.format(marker="marker").replace("SIGKILL", "SIGTERM"))
    done = pymapr("run", "job.py", "data.json", "--progress", "plain")
    assert (done.returncode, done.stdout) == (0, OURS)
    assert "pymapr: remark: 1 worker process(es) died and were replaced\n" in done.stderr


def test_without_standard_input_it_says_so(folder: Path, pymapr: Command) -> None:
    """`-` with a closed stdin."""
    done = pymapr("run", "job.py", "-", *QUIET, preexec_fn=lambda: os.close(0))
    assert done.returncode == 4
    assert done.stderr == "pymapr: error: standard input is closed\n\nhint: name a file, or feed the data with <\n"


def test_help_tells_the_exit_codes(pymapr: Command) -> None:
    """And the version is the package's."""
    done = pymapr("run", "--help")
    assert done.returncode == 0
    assert "exit code: 0 done, 1 the job's code failed, 2 interrupted, 3 the engine" in done.stdout
    assert pymapr("--version").stdout == f"pymapr {__version__}\n"
    assert pymapr().returncode == 4


def test_doctor_answers_on_stdout(folder: Path, pymapr: Command) -> None:
    """What the machine offers; of a file what would surprise its author, and nothing else."""
    machine, file = pymapr("doctor"), pymapr("doctor", "job.py")
    assert (machine.returncode, machine.stderr, "\ncores " in machine.stdout) == (0, "", True)
    assert (file.returncode, file.stdout) == (0, "job.py: nothing surprising seen\n"), file.stderr


def test_no_option_leaves_a_traceback(folder: Path, pymapr: Command) -> None:
    """Not even nonsense."""
    for arguments in (
        ["run"],
        ["run", "job.py"],
        ["run", "", ""],
        ["run", "job.py", "\0"],
        ["walk"],
        ["run", "/", "/"],
    ):
        if "\0" not in arguments:
            assert "Traceback" not in pymapr(*arguments, *QUIET).stderr
