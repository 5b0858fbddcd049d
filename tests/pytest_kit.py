"""Tiny assignments, the programs and villains that are handed in for them, and pytest run on them."""

from __future__ import annotations

import json
import sys
import textwrap
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pytest

PYTEST = (sys.executable, "-m", "pytest", "-W", "error", "-p", "no:hypothesispytest")
"""Every warning an error; and without the one plugin that takes long to load."""

_PROGRAM = """
    import sys
    import MapReduce
    mr = MapReduce.MapReduce()
    def mapper(record):
        {mapper}
    def reducer(key, values):
        mr.emit([key, {count}])
    mr.execute(open(sys.argv[1]), mapper, reducer)
"""


def program(count: str = "len(values)", mapper: str = "mr.emit_intermediate(record[0], 1)") -> str:
    """A word count, right unless told otherwise."""
    return textwrap.dedent(_PROGRAM).format(count=count, mapper=mapper)


RIGHT = program()
WRONG = program(count="len(values) + 1")
WRONG_ON_TWO = program(count="min(len(values), 1)")
"""Right on `small`, where no key comes twice; wrong on `twice`."""
LEAKY = program(count="len(values) * seen[key]", mapper="seen[record[0]] = 1; mr.emit_intermediate(record[0], 1)")
LEAKY = LEAKY.replace("import sys", "import sys\nseen = {}", 1)
"""Wants in the reducer what the mapper left behind."""
ENDLESS = program(mapper="while True: pass")

_DATASETS = {"small": [["a"], ["b"]], "twice": [["a"], ["b"], ["a"]]}

SPEC = """\
name: {name}
module: count.py
datasets:
  - {{name: small, file: data/small.json, expected: expected/small.json, points: 2}}
  - {{name: twice, file: data/twice.json, expected: expected/twice.json, points: 3, visibility: hidden}}
limits: {{time: 20s, memory: 512MB}}
runs: {{workers: [2], scramble: 1}}
"""


def assignment(folder: Path, submissions: Mapping[str, str] | None = None, more: str = "", spec: str = SPEC) -> Path:
    """Write an assignment with datasets `small` (2 points) and `twice` (3, hidden) and a submission per student."""
    write(folder / "assignment.yaml", spec.format(name=folder.name) + more)
    for name, records in _DATASETS.items():
        counts = {record[0]: records.count(record) for record in records}
        write(folder / "data" / f"{name}.json", _lines(records))
        write(folder / "expected" / f"{name}.json", _lines([[key, count] for key, count in counts.items()]))
    for student, source in (submissions if submissions is not None else {"student-01": RIGHT}).items():
        write(folder / "submissions" / student / "count.py", source)
    return folder


def write(file: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def villain(mark: Path) -> str:
    """A module that, if it is ever imported, says so in `mark`; as a test module it has a test, and a fixture."""
    return textwrap.dedent(
        f"""
        with open({str(mark)!r}, "a") as mark:
            mark.write(__file__ + "\\n")
        def test_of_mine(): pass
        def mapper(record):
            '''
            >>> 1
            2
            '''
        """
    )


def _lines(records: Sequence[object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


class Run:
    """A folder with assignments, and pytest run in it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.top = pytester.path
        self.assignments = self.top / "assignments"

    def __call__(self, *arguments: str | Path) -> pytest.RunResult:
        """Run pytest there."""
        return self._pytester.run(*PYTEST, *arguments)

    def collected(self, *arguments: str | Path) -> list[str]:
        """The ids that are collected, in their order."""
        return [line for line in self("--collect-only", "-q", *arguments).outlines if "::" in line]

    def junit(self, *arguments: str | Path) -> tuple[dict[str, ET.Element], str]:
        """The test cases of a run by `student::dataset`, and the file's text."""
        self("--junitxml=report.xml", *arguments)
        text = (self.top / "report.xml").read_text(encoding="utf-8")
        cases = ET.fromstring(text).iter("testcase")
        return {f"{case.attrib['classname'].split('.yaml.')[-1]}::{case.attrib['name']}": case for case in cases}, text


def shown(result: pytest.RunResult) -> str:
    """All that a run printed."""
    return "\n".join((*result.outlines, *result.errlines))
