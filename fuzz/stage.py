"""Fuzzes what is handed in: `python fuzz/stage.py [-max_total_time=600]` with atheris installed. Not part of CI.

The bytes are the tree of a submission: folders, files, links and pipes with any names. Whatever it is, it is staged or
refused, only plain files arrive, and nothing is left.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("fuzz/stage.py needs atheris: pip install atheris")

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["grader"]):
    from grader.errors import SubmissionError
    from grader.sandbox.stage import Stage, files_below

HOME = Path(tempfile.mkdtemp(prefix="pymapr-fuzz-"))


def one_input(data: bytes) -> None:
    """Build the tree, stage it, look at what arrived, and take everything away."""
    choose = atheris.FuzzedDataProvider(data)
    student, root = HOME / "student", HOME / "root"
    student.mkdir()
    root.mkdir()
    try:
        build(student, choose)
        stage(student, root, choose)
        assert list(root.iterdir()) == [], "something was left"
    finally:
        shutil.rmtree(student)
        shutil.rmtree(root)


def build(student: Path, choose: atheris.FuzzedDataProvider) -> None:
    """Some entries, each in one of the folders made so far."""
    folders = [os.fsencode(student)]
    for _ in range(choose.ConsumeIntInRange(0, 12)):
        where = folders[choose.ConsumeIntInRange(0, len(folders) - 1)]
        path = os.path.join(where, choose.ConsumeBytes(choose.ConsumeIntInRange(1, 12)) or b"x")
        try:
            make(path, choose.ConsumeIntInRange(0, 4), folders)
        except (OSError, ValueError):
            continue


def make(path: bytes, kind: int, folders: list[bytes]) -> None:
    """A folder, a file, a link to the outside, a dangling link or a pipe; raises OSError where there can be none."""
    if not os.path.realpath(os.path.dirname(path)).startswith(os.fsencode(HOME)):
        return
    match kind:
        case 0:
            os.mkdir(path)
            folders.append(path)
        case 1:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        case 2:
            os.symlink(b"/etc", path)
        case 3:
            os.symlink(path, path)
        case _:
            os.mkfifo(path)


def stage(student: Path, root: Path, choose: atheris.FuzzedDataProvider) -> None:
    """As a run would: with the dataset under names of which some may be taken."""
    data = HOME / "data.json"
    data.write_text("[1]\n")
    try:
        files = list(files_below(student))
    except SubmissionError:
        return
    names = ["data.json", *(name for name, _ in files if choose.ConsumeBool())]
    with Stage(root, files, data, names) as made:
        folder = made.folder()
        made.usage()
        for path, folders, found in os.walk(folder):
            assert all(not Path(path, name).is_symlink() for name in folders + found), "a link arrived"
            assert all(Path(path, name).is_file() for name in found), "something else than a file arrived"
        assert all((folder / name).read_text() == "[1]\n" for name in names if (folder / name).is_file())


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
