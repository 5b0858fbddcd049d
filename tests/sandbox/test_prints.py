"""What is printed: the beginning and the end are kept, and nothing waits for it."""

from __future__ import annotations

import os
import threading

import pytest

from grader.sandbox.prints import Prints
from sandbox.runs import open_descriptors


def printed(*texts: bytes) -> Prints:
    """A run that prints these and ends, while somebody takes in what it prints."""
    prints = Prints()
    os.set_blocking(prints.descriptor, False)
    for text in texts:
        view = memoryview(text)
        while view:
            try:
                view = view[os.write(prints.descriptor, view) :]
            except BlockingIOError:
                prints.take()
    prints.close()
    return prints


def test_what_is_printed_is_kept() -> None:
    """As it came."""
    assert printed(b"one\n", b"two\n").text() == "one\ntwo\n"


def test_of_much_the_beginning_and_the_end_are_kept() -> None:
    """With a note of how much lies between."""
    text = printed(b"begin" + b"x" * 100_000 + b"end").text()
    assert text.startswith("begin")
    assert text.endswith("end")
    assert "\n... 96008 bytes left out ...\n" in text
    assert len(text) < 5000


@pytest.mark.parametrize("size", [1, 1999, 2000, 2001, 3999, 4000])
def test_what_fits_is_kept_whole(size: int) -> None:
    """Twice what is kept at each end."""
    assert printed(bytes(ord("a") + n % 26 for n in range(size))).text() == "".join(
        chr(ord("a") + n % 26) for n in range(size)
    )


def test_what_is_no_text_is_shown_as_such() -> None:
    """Rather than lost."""
    assert printed(b"\xff\xfe").text() == "\ufffd\ufffd"


def test_much_is_taken_in_while_it_comes() -> None:
    """A pipe holds 64 kB; a run that prints more does not wait."""
    assert printed(b"x" * 5_000_000).total == 5_000_000


def test_taking_never_waits() -> None:
    """Where there is nothing, nothing is taken."""
    prints = Prints()
    prints.take()
    assert prints.text() == ""
    prints.close()


def test_a_process_that_still_holds_the_pipe_holds_nobody_up() -> None:
    """No descriptor is left, whoever goes on holding the other end."""
    descriptors = open_descriptors()
    prints = Prints()
    held = os.dup(prints.descriptor)
    os.write(held, b"held")
    prints.close()
    assert prints.text() == "held"
    os.close(held)
    assert open_descriptors() == descriptors


def test_whoever_prints_on_for_ever_is_not_heard_for_ever() -> None:
    """Two megabytes after the end, and no more."""
    prints = Prints()
    held = os.dup(prints.descriptor)
    writing = threading.Thread(target=write_until_nobody_reads, args=(held,))
    writing.start()
    prints.close()
    writing.join()
    assert prints.total < 2**21 + 2**19


def write_until_nobody_reads(descriptor: int) -> None:
    """As a process would that got away."""
    try:
        while True:
            os.write(descriptor, b"x" * 65536)
    except BrokenPipeError:
        os.close(descriptor)


def test_a_thousand_runs_leave_no_descriptors() -> None:
    """Nothing adds up."""
    descriptors = open_descriptors()
    for _ in range(1000):
        printed(b"x")
    assert open_descriptors() == descriptors
