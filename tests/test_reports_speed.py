"""Serial against parallel: which runs are compared."""

from typing import Literal

import pytest
from builders import a_case, a_run, both_runs

from grader.model import RunRecord
from grader.reports.speed import Pace, Speed, speed


def of(*runs: RunRecord) -> Speed | None:
    """The speed of a submission with one dataset."""
    return speed([a_case(runs=runs)])


def test_the_fastest_run_of_each_kind_counts() -> None:
    """Of two hash seeds, of several worker counts."""
    measured = of(a_run("serial", 3.0), a_run("serial", 2.0), a_run("parallel", 1.5), a_run("parallel", 1.0))
    assert measured is not None
    assert measured.parallel is not None
    assert (measured.serial.total, measured.parallel.total, measured.ratio) == (2.0, 1.0, 2.0)


def test_phases_are_those_of_the_run_that_counts() -> None:
    """Not the best of each, which no run had."""
    measured = of(a_run("serial", 2.0, phases=(1.0, 0.25, 0.5)), a_run("parallel", 1.0, phases=(0.5, 0.0, 0.25)))
    assert measured == Speed(
        serial=Pace(total=2.0, phases=(1.0, 0.25, 0.5)), parallel=Pace(total=1.0, phases=(0.5, 0.0, 0.25))
    )


@pytest.mark.parametrize("engine", ["serial", "parallel"])
def test_a_scrambled_run_says_nothing_of_speed(engine: Literal["serial", "parallel"]) -> None:
    """An adversary deals its records."""
    assert of(*both_runs(2.0, 1.0), a_run(engine, 0.1, order="scramble:7")) == of(*both_runs(2.0, 1.0))


def test_datasets_add_up() -> None:
    """Six seconds against two."""
    measured = speed([a_case(runs=both_runs(2.0, 1.0)), a_case(runs=both_runs(4.0, 1.0))])
    assert measured is not None
    assert measured.ratio == 3.0


def test_a_dataset_without_a_parallel_run_does_not_blur_the_comparison() -> None:
    """A submission that failed early on one dataset has only a serial time there."""
    failed = a_case("zipf", runs=(a_run("serial", 9.0),))
    assert speed([a_case(runs=both_runs(2.0, 1.0)), failed]) == of(*both_runs(2.0, 1.0))


def test_serial_time_alone_is_shown_where_nothing_ran_in_parallel() -> None:
    """A wrong answer is found before anything runs in parallel."""
    measured = of(a_run("serial", 2.0))
    assert measured is not None
    assert (measured.serial.total, measured.parallel, measured.ratio) == (2.0, None, None)


def test_no_runs_have_no_speed() -> None:
    """Nor has a parallel run alone, with nothing to compare it to."""
    assert of() is None
    assert of(a_run("parallel")) is None


def test_no_time_at_all_gives_no_ratio() -> None:
    """Rather than a division by zero."""
    measured = of(a_run("serial", 1.0), a_run("parallel", 0.0))
    assert measured is not None
    assert measured.ratio is None
