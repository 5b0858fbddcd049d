"""Gradescope's export: `submission_metadata.yml`, and a folder `submission_123/` for each submission.

The metadata say who handed in, alone or together, and when. They are Ruby's YAML: its keys begin with a colon, and its
tags name classes; none is made here, whatever the tag.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError
from grader.layouts.found import Asked, Found, Listing, Upload
from grader.model import Student

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

NAME = "gradescope"
TITLE = "Gradescope export"
EXAMPLE = "submission_metadata.yml and submission_123/wordcount.py"

_METADATA = "submission_metadata.yml"
_LARGEST = 512 * 2**20


def claims(there: Listing, asked: Asked) -> Collection[str]:
    """Every submission's folder, where the metadata lie beside them."""
    if _METADATA not in there.files:
        return set()
    return {_METADATA, *(name for name in there.folders if name.startswith("submission_"))}


def read(there: Listing, asked: Asked) -> list[Found]:
    """A submission for each folder that is there; one that the metadata do not name is its folder's."""
    metadata = _metadata(there.folder / _METADATA)
    folders = [name for name in there.folders if name.startswith("submission_")]
    found = [_submission(there.folder / name, metadata.get(name)) for name in folders]
    return sorted(found, key=lambda one: one.key)


def _submission(folder: Path, record: object) -> Found:
    known = record if isinstance(record, dict) else {}
    students = tuple(_students(known.get(":submitters")))
    return Found(
        key="+".join(student.key for student in students) or folder.name,
        students=students,
        uploads=(Upload(path=folder),),
        submitted=_time(known.get(":created_at")),
        remarks=() if students else (f"{_METADATA} does not say whose {folder.name} is",),
    )


def _students(submitters: object) -> Iterator[Student]:
    for one in submitters if isinstance(submitters, list) else []:
        if isinstance(one, dict):
            name, email, sid = (_text(one.get(f":{what}")) for what in ("name", "email", "sid"))
            if key := sid or email or name:
                yield Student(key=key, name=name, email=email, ids={"gradescope": sid, "sis": sid} if sid else {})


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


def _time(value: object) -> str:
    """ISO 8601 with offset; empty where the metadata do not say it so that nobody can mistake it."""
    if isinstance(value, dict):  # how Ruby writes a time with its zone
        value = value.get("utc")
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return ""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) and value.tzinfo else ""


def _metadata(path: Path) -> Mapping[object, object]:
    """The whole document; raises UsageError."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # which it is, the build says
        """Takes whatever has a tag for what it is without."""

    Loader.add_multi_constructor("!", _untagged)
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: larger than {_LARGEST // 2**20} MB", "is it Gradescope's?")
        document = yaml.load(path.read_bytes(), Loader)  # noqa: S506 - a safe loader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise UsageError(f"{place}: {error.problem}", "export it again from Gradescope") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no metadata: {error}", "export it again from Gradescope") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check the file's permissions") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: expected a submission per key", "export it again from Gradescope")
    return document


def _untagged(loader: Any, _tag: str, node: Any) -> object:
    """What a node is, without its tag."""
    for name in ("mapping", "sequence"):
        if node.id == name:
            return getattr(loader, f"construct_{name}")(node, deep=True)
    return loader.construct_scalar(node)
