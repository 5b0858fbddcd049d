"""The job with mrjob's local runner: `python with_mrjob.py JOB DATA OUTPUT WORKERS`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import plain
from mrjob.job import MRJob
from mrjob.protocol import JSONProtocol, JSONValueProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Rival(MRJob):
    """A step like any other; the files are named in the environment, as every task is a process of its own."""

    INPUT_PROTOCOL = JSONValueProtocol
    INTERNAL_PROTOCOL = JSONProtocol
    OUTPUT_PROTOCOL = JSONValueProtocol

    def mapper(self, _: None, record: Any) -> Iterator[tuple[Any, Any]]:
        """The job's."""
        yield from plain.load(os.environ["RIVAL_JOB"], os.environ["RIVAL_DATA"]).map(record)

    def reducer(self, key: Any, values: Iterator[Any]) -> Iterator[tuple[None, Any]]:
        """The job's; a tuple has become a list on the way."""
        whole = tuple(key) if isinstance(key, list) else key
        job = plain.load(os.environ["RIVAL_JOB"], os.environ["RIVAL_DATA"])
        for value in job.reduce(whole, list(values)):
            yield None, value


def main(job: str, data: str, output: str, workers: str) -> None:
    """All of it, with as many tasks a phase as workers."""
    here = str(Path(__file__).resolve().parent)  # mrjob runs a copy of this file, elsewhere
    os.environ |= {"RIVAL_JOB": job, "RIVAL_DATA": data, "PYTHONPATH": here}
    tasks = [f"--jobconf=mapreduce.job.{phase}={workers}" for phase in ("maps", "reduces")]
    command = Rival(["--no-conf", "-r", "local", "--num-cores", workers, *tasks, data])
    with command.make_runner() as runner, Path(output).open("wb") as file:
        runner.run()
        file.writelines(runner.cat_output())


if __name__ == "__main__":
    if "RIVAL_JOB" in os.environ:
        Rival.run()
    else:
        main(*sys.argv[1:5])
