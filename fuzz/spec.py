"""Fuzzes the spec loader: `python fuzz/spec.py [-max_total_time=600]` with atheris installed. Not part of CI.

The bytes are an `assignment.yaml`, whole or as edits of an honest one. Whatever they are, they come to an assignment
or to a SpecError that names the file; what is accepted makes a kit's spec that is accepted too.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("fuzz/spec.py needs atheris: pip install atheris")

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["grader"]):
    from grader.errors import SpecError
    from grader.spec import FILE_NAME, load, parse, release_text

HONEST = [path.read_bytes() for path in sorted(ROOT.glob(f"assignments/*/{FILE_NAME}"))]
HOME = Path(tempfile.mkdtemp(prefix="pymapr-fuzz-"))
WHERE = HOME / FILE_NAME


def one_input(data: bytes) -> None:
    """Read the bytes as they are, and what they make of an honest spec."""
    read(data)
    read(edited(atheris.FuzzedDataProvider(data)))


def edited(choose: atheris.FuzzedDataProvider) -> bytes:
    """An honest spec in which some stretches are replaced."""
    text = HONEST[choose.ConsumeIntInRange(0, len(HONEST) - 1)]
    for _ in range(choose.ConsumeIntInRange(1, 4)):
        start = choose.ConsumeIntInRange(0, len(text))
        end = start + choose.ConsumeIntInRange(0, 12)
        text = text[:start] + choose.ConsumeBytes(choose.ConsumeIntInRange(0, 12)) + text[end:]
    return text


def read(text: bytes) -> None:
    """Read it as a file; and, where it is text, without looking at the files that it names."""
    WHERE.write_bytes(text)
    try:
        load(WHERE)
    except SpecError as error:
        if not str(error).startswith(str(WHERE)):
            raise AssertionError("an error that does not say where") from error
    try:
        spec = parse(text.decode(), where=WHERE)
    except (SpecError, UnicodeDecodeError):
        return
    kit = [replace(dataset, expected=dataset.expected or "golden.json") for dataset in spec.datasets]
    parse(release_text(spec, kit), where=WHERE)


def main() -> None:
    """Begin with the assignments that are shipped."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, text in enumerate(HONEST):
            Path(corpus, f"honest-{number}").write_bytes(text)
        atheris.Setup([*sys.argv, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
