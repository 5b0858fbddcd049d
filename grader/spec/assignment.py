"""The keys of `assignment.yaml` and what each may hold; not what they say of each other, which is for `consistency`."""

from __future__ import annotations

import keyword
import re
from math import fsum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from grader.model import (
    Check,
    Checks,
    CompareRules,
    DatasetSpec,
    Generate,
    Limits,
    Runs,
    Spec,
    Verdict,
    Visibility,
)
from grader.spec import folder, quantities
from grader.spec.lateness import late
from grader.spec.problems import Problem, did_you_mean, quoted
from grader.spec.rules import Fields, Item, Quantity, choice, elements, file, number, pattern, text, there, truth, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEYS = (
    "name",
    "title",
    "module",
    "reference",
    "points",
    "datasets",
    "compare",
    "limits",
    "runs",
    "checks",
    "late",
    "samples",
)
DATASET_KEYS = ("name", "file", "generate", "points", "visibility", "expected", "withheld")
SAMPLE_VERDICTS = {verdict.value: verdict for verdict in Verdict if verdict is not Verdict.GRADER_ERROR}
"""What a sample may be declared to get: a mistake of ours is nobody's aim."""
FRAMEWORK = ("MapReduce.py", "MapReduce_original.py", "pymapr.py")
"""Modules that a submission imports: a student's file of that name would stand in their way."""

_points = number(0, 1_000_000, "4")


def total(datasets: tuple[DatasetSpec, ...]) -> float:
    """The datasets' points together; free of the dust that adding floats raises, so that 0.1 + 0.2 is 0.3."""
    points = [dataset.points for dataset in datasets]
    return sum(points) if all(isinstance(each, int) for each in points) else round(fsum(points), 9)


def assignment(item: Item, where: Path) -> Spec:
    """The whole file; `where` is its folder. Notes problems in `item.reading`: the Spec is sound if there are none."""
    fields = Fields(item, KEYS)
    name = fields.need("name", _name, "", "wordcount")
    datasets = fields.need("datasets", _datasets, _NO_DATASETS, "[{name: books, file: data/books.json}]")
    fields.get("points", _points, 0.0)
    return Spec(
        folder=where,
        name=name,
        title=fields.get("title", _title, name),
        module=fields.need("module", _module, "", f"{name if name.isidentifier() else 'wordcount'}.py"),
        reference=fields.get("reference", _reference, None),
        points=total(datasets),
        datasets=datasets,
        compare=fields.get("compare", _compare, CompareRules()),
        limits=fields.get("limits", _limits, Limits()),
        runs=fields.get("runs", _runs, Runs()),
        checks=fields.get("checks", _checks, Checks()),
        late=fields.get("late", late, None),
        samples=fields.get("samples", _samples, {}),
    )


_name = pattern("small letters, digits, '_' and '-', no '-' in front", r"[a-z0-9_][a-z0-9_-]{0,99}", "wordcount")
_title = pattern("text of one line", r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+", "Word count")
_dataset_name = pattern(
    "letters, digits, '_', '.' and '-', no '.' or '-' in front", r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", "books"
)


def _is_module(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.py", name) is not None and not keyword.iskeyword(name[:-3])


def _module(item: Item) -> str:
    name = text("the name of a Python file that can be imported", _is_module, "wordcount.py")(item)
    if name in FRAMEWORK:
        raise item.problem(f"'{name}' is the framework's own name", "give the students' file another name")
    return name


def _reference(item: Item) -> str:
    def sound(path: str) -> bool:
        return folder.is_relative(path) and PurePosixPath(path).suffix == ".py"

    path = text("a Python file in the assignment's folder", sound, "solution/wordcount.py")(item)
    return there(item, path)


_NO_DATASETS: tuple[DatasetSpec, ...] = ()


def _datasets(item: Item) -> tuple[DatasetSpec, ...]:
    return tuple(_dataset(each) for each in elements(item, "[{name: books, file: data/books.json}]"))


_WITHHELD = DatasetSpec(name="", withheld=True)


def _dataset(item: Item) -> DatasetSpec:
    try:
        fields = Fields(item, DATASET_KEYS)
    except Problem as problem:
        item.reading.problems.append(problem)
        return _WITHHELD
    dataset = DatasetSpec(
        name=fields.need("name", _dataset_name, "", "books"),
        file=fields.get("file", file("data/books.json"), None),
        generate=fields.get("generate", _generate, None),
        points=fields.get("points", _points, DatasetSpec.points),
        visibility=fields.get("visibility", choice({each.value: each for each in Visibility}), Visibility.PUBLIC),
        expected=fields.get("expected", _expected, None),
        withheld=fields.get("withheld", truth, False),
    )
    _one_source(item, fields, withheld=dataset.withheld)
    return dataset


def _one_source(item: Item, fields: Fields, *, withheld: bool) -> None:
    """A dataset comes from a file or a generator; from neither, with nothing to compare, where it is withheld."""
    sources = [key for key in ("file", "generate") if key in fields]
    if withheld:
        for key in filter(fields.__contains__, ("file", "generate", "expected")):
            hint = f"`withheld` is for students' kits, where the data is not: remove it, or `{key}`"
            fields.note(item.at(key).problem("a withheld dataset has none", hint))
    elif not sources:
        hint = "say where the records come from: `file: data/books.json` or `generate: {by: ..., seed: ..., size: ...}`"
        fields.note(item.problem("neither 'file' nor 'generate'", hint))
    elif len(sources) == 2:
        fields.note(item.problem("both 'file' and 'generate'", "keep one of the two"))


_expected = file("expected/books.json")


_BY = re.compile(r"(?P<file>[^:]*[^:/]\.py):(?P<function>[A-Za-z_][A-Za-z0-9_]*)")


def _by(item: Item) -> tuple[str, str]:
    expected, example = "a Python file and a function in it", "data/generate.py:zipf"

    def sound(value: str) -> bool:
        match = _BY.fullmatch(value)
        return match is not None and folder.is_relative(match["file"])

    path, _, function = text(expected, sound, example)(item).partition(":")
    return there(item, path), function


def _generate(item: Item) -> Generate:
    fields = Fields(item, ("by", "seed", "size"))
    path, function = fields.need("by", _by, ("", ""), "data/generate.py:zipf")
    return Generate(
        file=path,
        function=function,
        seed=fields.need("seed", whole(0, 2**63 - 1, "17"), 0, "17"),
        size=fields.need("size", whole(0, 1_000_000_000, "20000"), 0, "20000"),
    )


_ORDERS: Mapping[str, Literal["ignore", "keep"]] = {"ignore": "ignore", "keep": "keep"}


def _compare(item: Item) -> CompareRules:
    fields = Fields(item, ("order", "unordered", "float"))
    rel, absolute = fields.get("float", _float, (CompareRules.rel, CompareRules.abs))
    return CompareRules(
        order=fields.get("order", choice(_ORDERS), CompareRules.order),
        unordered=fields.get("unordered", _places, ()),
        rel=rel,
        abs=absolute,
    )


def _float(item: Item) -> tuple[float, float]:
    fields = Fields(item, ("rel", "abs"))
    return (
        fields.get("rel", number(0, 1, "1e-9"), CompareRules.rel),
        fields.get("abs", number(0, 1_000_000_000, "1e-6"), CompareRules.abs),
    )


_ENTRY = r"""[^.\[\]"'*\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]+"""
_QUOTED = r"""[^"'\x00-\x1f\x7f-\x9f\u2028\u2029]"""
_place = pattern(
    "a place such as $, $[1], $[*] or $[0].tags",
    rf"""\$(?:\.{_ENTRY}|\[(?:\*|[0-9]{{1,9}}|"{_QUOTED}+"|'{_QUOTED}+')\])*""",
    '"$[1]"',
)


def _places(item: Item) -> tuple[str, ...]:
    return tuple(_place(each) for each in elements(item, '["$[1]"]', least=0))


_time = Quantity(quantities.SECONDS, "a time", "1ms", "1440min", "10s")
_memory = Quantity(quantities.BYTES, "a size", "1MB", "1024GB", "512MB")
_output = Quantity(quantities.BYTES, "a size", "1kB", "1024GB", "16MB")


def _limits(item: Item) -> Limits:
    fields = Fields(item, ("time", "memory", "output"))
    return Limits(
        time=fields.get("time", _time, Limits.time),
        memory=round(fields.get("memory", _memory, float(Limits.memory))),
        output=round(fields.get("output", _output, float(Limits.output))),
    )


def _runs(item: Item) -> Runs:
    fields = Fields(item, ("workers", "scramble"))
    return Runs(
        workers=fields.get("workers", _workers, Runs.workers),
        scramble=fields.get("scramble", whole(0, 20, "3"), Runs.scramble),
    )


def _workers(item: Item) -> tuple[int, ...]:
    return tuple(whole(1, 64, "4")(each) for each in elements(item, "[2, 4]"))


_CHECKS: Mapping[str, Check] = {"fail": "fail", "warn": "warn", "off": "off"}


def _check(item: Item) -> Check:
    value = item.node.value
    if isinstance(value, str) and value in _CHECKS:
        return _CHECKS[value]
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    near = did_you_mean(value, list(_CHECKS)) if isinstance(value, str) else ""
    raise item.unexpected("fail, warn, off or a number from 0 to 1", near or _check_hint(item))


def _check_hint(item: Item) -> str:
    value = item.node.value
    return f"write `{item.key}: {'off' if value is False else 'fail'}`"


def _checks(item: Item) -> Checks:
    fields = Fields(item, ("isolation", "order", "determinism"))
    return Checks(
        isolation=fields.get("isolation", _check, Checks.isolation),
        order=fields.get("order", _check, Checks.order),
        determinism=fields.get("determinism", _check, Checks.determinism),
    )


def _samples(item: Item) -> Mapping[str, Verdict]:
    names = item.node.value
    if not isinstance(names, dict):
        raise item.unexpected("a mapping from submission to verdict", "write `samples: {student-03: wrong-answer}`")
    fields = Fields(item, tuple(names))
    for name in names:
        if "/" in name or not folder.is_relative(name):
            what = f"{item.name}: {quoted(name)} cannot be the name of a submission"
            fields.note(Problem(item.node.keys[name], what, "name a folder or file of `submissions/`"))
    return {name: fields.get(name, choice(SAMPLE_VERDICTS, "a verdict"), Verdict.ACCEPTED) for name in names}
