"""Emitting a pair: a closure in place of a method makes it cheap, and a job must not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pymapr import run
from pymapr.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path

JOB = """\
import sys
import MapReduce

{making}
kept = []

def mapper(record):
    {mapper}

def {combiner}(key, values):
    (kept or [mr.emit_intermediate])[0](key, sum(values))

def reducer(key, values):
    mr.emit([key, sum(values)])

if __name__ == "__main__":
    with open(sys.argv[1]) as data:
        mr.execute(data, mapper, reducer)
"""
PLAIN = "mr = MapReduce.MapReduce()"
SUBCLASS = """\
class Own(MapReduce.MapReduce):
    def emit_intermediate(self, key, value):
        super().emit_intermediate(key, value * 10)

mr = Own()"""
REPLACED = """\
mr = MapReduce.MapReduce()
original = mr.emit_intermediate
mr.emit_intermediate = lambda key, value: original(key, value * 10)"""
RECORDS = 3000


def output(folder: Path, making: str, mapper: str, combiner: str = "unused", engine: str = "parallel") -> list[bytes]:
    """What the job prints for the numbers from 0 on, in tasks enough for each worker to have several."""
    (folder / "job.py").write_text(JOB.format(making=making, mapper=mapper, combiner=combiner))
    (folder / "data.json").write_text("".join(f"{number}\n" for number in range(RECORDS)))
    return run(folder / "job.py", folder / "data.json", engine=engine, workers=2).output.splitlines()


def counted(each: int) -> list[bytes]:
    """The output where each record of a third counts `each`."""
    return [b"[%d, %d]" % (key, RECORDS // 3 * each) for key in range(3)]


@pytest.mark.parametrize("combiner", ["combiner", "unused"])
@pytest.mark.parametrize(
    ("making", "mapper"),
    [
        pytest.param(PLAIN, "mr.emit_intermediate(record % 3, 1)", id="as usual"),
        pytest.param(PLAIN, "mr.emit_intermediate(value=1, key=record % 3)", id="by name"),
        pytest.param(f"{PLAIN}\nemit = mr.emit_intermediate", "emit(record % 3, 1)", id="kept when the file began"),
        pytest.param(PLAIN, "kept.append(mr.emit_intermediate); kept[0](record % 3, 1)", id="kept by the first record"),
    ],
)
def test_a_pair_counts_however_it_is_emitted(making: str, mapper: str, combiner: str, tmp_path: Path) -> None:
    """In every task of a worker, and in the combiner after each, which may use what the mapper kept."""
    assert output(tmp_path, making, mapper, combiner) == counted(1)


@pytest.mark.parametrize("making", [pytest.param(SUBCLASS, id="in a subclass"), pytest.param(REPLACED, id="on mr")])
def test_what_a_job_puts_in_the_method_s_place_stays(making: str, tmp_path: Path) -> None:
    """It is the job's own word on what a pair is."""
    assert output(tmp_path, making, "mr.emit_intermediate(record % 3, 1)") == counted(10)


@pytest.mark.parametrize("reducer", ["mr.emit_intermediate(key, 1)", "kept[0](key, 1)"])
def test_a_reducer_emits_no_pairs_by_whatever_name(reducer: str, tmp_path: Path) -> None:
    """They would be lost in silence, so it is said."""
    path = tmp_path / "job.py"
    text = JOB.format(making=PLAIN, mapper="kept.append(mr.emit_intermediate); kept[0](record, 1)", combiner="unused")
    path.write_text(text.replace("    mr.emit([key, sum(values)])", f"    kept or mapper(0)\n    {reducer}"))
    (tmp_path / "data.json").write_text("1\n2\n")
    with pytest.raises(JobError, match="emit_intermediate was called by the reducer, when the map phase is over"):
        run(path, tmp_path / "data.json", workers=2)
