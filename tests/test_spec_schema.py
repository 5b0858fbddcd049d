"""The shipped JSON Schema and the grader agree on every document, but for seven rules that a schema cannot say."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from keyword import kwlist
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]  # it ships no types
from jsonschema.validators import extend  # type: ignore[import-untyped]  # it ships no types

from grader.errors import SpecError
from grader.model import Checks, CompareRules, LatePolicy, Limits, Runs
from grader.spec import parse
from grader.spec.yaml12 import dump

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = json.loads(files("grader").joinpath("assignment.schema.json").read_text(encoding="utf-8"))


def _pattern(_: object, form: str, value: object, __: object) -> Iterator[ValidationError]:
    """Patterns as ECMA 262 reads them, and so editors do: `$` is the end, and not also before a last line end."""
    if isinstance(value, str) and not re.search(re.sub(r"(\\.)|\$", lambda found: found[1] or r"\Z", form), value):
        yield ValidationError(f"{value!r} does not match {form!r}")


VALIDATOR = extend(Draft202012Validator, {"pattern": _pattern})(SCHEMA)

BEYOND_A_SCHEMA = {
    "the sum of points": r"points: the datasets' points add up to .*, not .*",
    "no index where nothing is in order": r"compare\.unordered\[\d+\]: '.*' counts where '.*' says that order .*",
    "unique names": r"datasets\[\d+\]\.name: datasets\[\d+\] has the name '.*' already",
    "one path, one file": r"datasets\[\d+\]\.file: '.*' would lie where .* lies when a submission runs",
    "the bounds of a quantity with a unit": (
        r"(limits|late)\.\w+: expected a (time|size|duration) of at (least|most) \w+, got '.*'"
    ),
    "the calendar": r"late\.due: '.*' is a day that no calendar has",
    "Python's keywords": rf"module: expected the name of a .* that can be imported, got '({'|'.join(kwlist)})\.py'",
}
"""The rules that only the grader knows, by the message that each breaks with."""


def problems(document: object) -> list[str]:
    """What the grader says against a document, without places and hints; nothing where it accepts it."""
    try:
        parse(dump(document), where=Path("assignment.yaml"))
    except SpecError as error:
        lines = [line for line in error.message.splitlines() if not line.startswith("  hint: ")]
        return [line.split(": ", 1)[1] for line in lines]
    return []


def beyond(problem: str) -> str | None:
    """The rule that a problem breaks, if it is one of those beyond a schema."""
    return next((rule for rule, message in BEYOND_A_SCHEMA.items() if re.fullmatch(message, problem)), None)


def check_agreement(document: object) -> None:
    """The schema accepts a document if and only if the grader does, or minds only rules beyond a schema."""
    minded = [problem for problem in problems(document) if not beyond(problem)]
    refused = [error.message for error in VALIDATOR.iter_errors(document)]
    assert bool(minded) == bool(refused), (minded, refused)


def test_the_schema_is_a_valid_schema() -> None:
    """By the rules of draft 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)


def books(**changes: object) -> dict[str, object]:
    """A dataset with some keys changed."""
    return {"name": "books", "file": "data/books.json", "expected": "expected/books.json", **changes}


def document(**changes: object) -> dict[str, object]:
    """An assignment with some keys changed."""
    start = {"name": "wordcount", "module": "wordcount.py", "reference": "solution/wordcount.py", "datasets": [books()]}
    return {**start, **changes}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("the sum of points", document(points=2)),
        ("no index where nothing is in order", document(compare={"unordered": ["$", "$[1]"]})),
        ("unique names", document(datasets=[books(), books(file="other")])),
        ("one path, one file", document(datasets=[books(), books(name="other")])),
        ("the bounds of a quantity with a unit", document(limits={"memory": "1kB"})),
        ("the calendar", document(late={"due": "2026-02-30T12:00Z"})),
        ("Python's keywords", document(module="class.py")),
    ],
)
def test_some_rules_are_beyond_a_schema(rule: str, broken: dict[str, object]) -> None:
    """Each on the list is there for a reason: the schema accepts what the grader must refuse."""
    assert VALIDATOR.is_valid(broken)
    assert [beyond(problem) for problem in problems(broken)] == [rule]


def test_the_defaults_that_editors_show_are_those_of_the_model() -> None:
    """Writing each default out gives the same assignment as leaving it away."""
    sections = {name: SCHEMA["properties"][name]["properties"] for name in ("limits", "runs")}
    defaults = {name: {key: value["default"] for key, value in section.items()} for name, section in sections.items()}
    compare = SCHEMA["properties"]["compare"]["properties"]
    spec = parse(
        dump(
            document(
                compare={
                    "order": compare["order"]["default"],
                    "unordered": compare["unordered"]["default"],
                    "float": {key: value["default"] for key, value in compare["float"]["properties"].items()},
                },
                checks=dict.fromkeys(("isolation", "order", "determinism"), SCHEMA["$defs"]["check"]["default"]),
                **defaults,
            )
        ),
        where=Path("assignment.yaml"),
    )
    assert (spec.compare, spec.limits, spec.runs, spec.checks) == (CompareRules(), Limits(), Runs(), Checks())


def test_the_defaults_of_a_policy_for_late_work_are_those_of_the_model() -> None:
    """Here, too, `due` aside, which has none."""
    late = SCHEMA["properties"]["late"]["properties"]
    defaults = {key: value["default"] for key, value in late.items() if key != "due"}
    spec = parse(dump(document(late={"due": "2026-11-01T23:59Z", **defaults})), where=Path("assignment.yaml"))
    assert spec.late == LatePolicy(due=datetime(2026, 11, 1, 23, 59, tzinfo=UTC))


# ---- any document: a sound one, with up to two values replaced, dropped or added -------------------------------------

# fmt: off
NAMES = ["books", "zipf", "a", "A", "1", "-a", ".a", "", "a b", "a\n", "é", "null", "a" * 101]
PATHS = [
    "a", "a/b.json", "a.py", "a/b.py", ".py", "a/.py", "..py", "b.py.gz", "/a", "../a", "a/..", "a//b", "./a", "..a",
    "a\\b", "C:a", "a\n", "a\u2028b", "é",
]
QUANTITIES = [
    "10s", "500ms", "2min", "1h", "512MB", "512mb", "1 GiB", "1.5kB", "0s", "1e3s", "s", "10", "5B\n", "0x1MB", "٣s",
]
MODULES = ["wordcount.py", "if.py", "MapReduce.py", "a-b.py", "a/b.py", "a", "_.py", "1.py", "a.py\n", "pymapr.py"]
PLACES = [
    "$", "$[1]", "$[*].a", "$.a-b[0]", "$.größe", "$.a b", "$['a b']", '$["a.b"][0]', '$["a\'b"]', '$["a]', "$.a*",
    "$['']", "$[01]", "$[-1]", "$.", "$..a", "[1]", "$[1", "$\n", "$[1234567890]",
]
GENERATORS = [
    "g.py:f", "data/g.py:f", "../g.py:f", "g.py", "g.py:", "g:f", "g.py:f g", ".py:f", "a/.py:f", "g.py:f:h",
    "a.py/b:f", "a.py:1",
]
TIMES = [
    "2026-11-01T23:59:00+01:00", "2026-11-01 23:59Z", "2026-11-01T23:59:00", "2026-11-01", "2026-13-01T00:00Z",
    "2026-02-30T00:00Z", "2026-11-01T24:00Z", "2026-11-01T23:59:00.5Z", "2026-11-01T23:59z", "0000-01-01T00:00Z",
    "2026-11-01T23:59Z\n", "26-11-01T23:59Z",
]
DURATIONS = ["15m", "1.5h", "366d", "365 d", "90s", "0s", "m", "15", "15min", "1h30m", "15m\n"]
SHARES = ["10%", "100%", "100.0 %", "100.1%", "110%", "0%", "-1%", "%", "10", "12.5%", "٣%", "5%\n"]
WORDS = [
    "ignore", "keep", "fail", "warn", "off", "public", "hidden", "after-deadline", "accepted", "wrong-answer",
    "grader-error", "1e-9", "0o17", "no", "true", "~",
]
# fmt: on
_OTHER_KEYS = ("rel", "abs", "by", "seed", "size", "visiblity", "due", "grace", "penalty", "cap")
KEYS = sorted({*SCHEMA["properties"], *SCHEMA["$defs"]["dataset"]["properties"], *_OTHER_KEYS})
numbers = st.sampled_from(
    [0, 1, -1, 2, 4, 1.0, 0.5, 1.5, 64, 65, 20, 21, 1e-9, 2**20, 2**40, 2**64, 1e300, 1e6, 10**400]
)
words = st.sampled_from(
    [*NAMES, *PATHS, *QUANTITIES, *MODULES, *PLACES, *GENERATORS, *TIMES, *DURATIONS, *SHARES, *WORDS]
)
junk = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    words,
    st.lists(words | numbers, max_size=3),
    st.dictionaries(st.sampled_from(KEYS) | words, words | numbers, max_size=2),
)


def maybe(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping with some of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


points = st.sampled_from([0, 1, 4, 2.5])
check = st.sampled_from(["fail", "warn", "off", 0, 0.5, 1])
generate = st.fixed_dictionaries(
    {"by": st.just("data/generate.py:zipf"), "seed": st.integers(0, 99), "size": st.sampled_from([0, 20, 2e4])}
)
shared = {"points": points, "visibility": st.sampled_from(["public", "hidden", "after-deadline"])}
name = st.sampled_from(["books", "zipf", "edge-case", "A.b_c"])
datasets = st.one_of(
    st.fixed_dictionaries(
        {"name": name, "file": st.sampled_from(["a.json", "data/b.json.gz"])},
        optional={**shared, "expected": st.just("e.json"), "withheld": st.just(False)},
    ),
    st.fixed_dictionaries({"name": name, "generate": generate}, optional={**shared, "expected": st.just("e.json")}),
    st.fixed_dictionaries({"name": name, "withheld": st.just(True)}, optional=shared),
)
sound = st.fixed_dictionaries(
    {
        "name": st.just("wordcount"),
        "module": st.just("wordcount.py"),
        "datasets": st.lists(datasets, min_size=1, max_size=3),
    },
    optional={
        "reference": st.just("solution/wordcount.py"),
        "title": st.sampled_from(["Word count", "off", "7", "a: b"]),
        "points": points,
        "compare": maybe(
            order=st.sampled_from(["ignore", "keep"]),
            unordered=st.lists(st.sampled_from(["$", "$[1]", "$.a[*]"]), max_size=2),
            float=maybe(rel=st.sampled_from([0, 1e-9, 1]), abs=st.sampled_from([0, 0.5])),
        ),
        "limits": maybe(
            time=st.sampled_from([10, "10s", "500ms", 0.5]),
            memory=st.sampled_from(["512MB", "1.5 GiB", 2**30, 2.0**30]),
            output=st.sampled_from(["64kB", 2**20]),
        ),
        "runs": maybe(workers=st.lists(st.integers(1, 64), min_size=1, max_size=2), scramble=st.integers(0, 20)),
        "checks": maybe(isolation=check, order=check, determinism=check),
        "late": st.fixed_dictionaries(
            {"due": st.sampled_from(["2026-11-01T23:59:00+01:00", "2026-11-01 23:59Z"])},
            optional={
                "grace": st.sampled_from(["15m", "1.5 h"]),
                "penalty": st.sampled_from(["10%", 0.1]),
                "cap": st.sampled_from(["50%", 1]),
            },
        ),
        "samples": st.dictionaries(
            st.sampled_from(["student-03", "42", "null", "a b"]), st.sampled_from(["accepted", "missing"]), max_size=2
        ),
    },
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [spot for key, inner in items for spot in [(value, key), *spots(inner)]]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A sound document, or one with a wound or two."""
    value = copy.deepcopy(draw(sound))
    for _ in range(draw(st.integers(0, 2))):
        container, key = draw(st.sampled_from(spots(value) or [(value, "name")]))
        match draw(st.sampled_from(["replace", "drop", "add"])):
            case "replace":
                container[key] = draw(junk)
            case "drop":
                container.pop(key, None) if isinstance(container, dict) else container.pop(key)
            case _:
                if isinstance(container, dict):
                    container[draw(st.sampled_from(KEYS) | words)] = draw(junk)
    return value


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_schema_and_grader_agree_on_any_document(value: object) -> None:
    """Whatever an editor underlines, the grader refuses, and the other way round."""
    event("accepted by the schema" if VALIDATOR.is_valid(value) else "refused by both")
    check_agreement(value)


@given(sound)
def test_a_sound_document_is_accepted_by_the_schema_or_lacks_answers(value: dict[str, Any]) -> None:
    """The generator above makes what it claims: else agreement would be agreement on rubbish."""
    value = {**value, "reference": "solution/wordcount.py"}
    assert VALIDATOR.is_valid(value)
    assert all(beyond(problem) for problem in problems(value))


@pytest.mark.parametrize("wrong", [None, [], "text", 4, [document()]])
def test_they_agree_on_what_is_no_mapping_at_all(wrong: object) -> None:
    """A list, a text, nothing: refused by both."""
    check_agreement(wrong)
    assert problems(wrong)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("place", ["reference", "file", "expected", "samples"])
def test_they_agree_on_every_path(path: str, place: str) -> None:
    """Everywhere that one may stand."""
    changed = {"reference": path} if place == "reference" else {"samples": {path: "accepted"}}
    check_agreement(
        document(datasets=[books(**{place: path})]) if place in ("file", "expected") else document(**changed)
    )


@pytest.mark.parametrize("quantity", [*QUANTITIES, 0, 1, 512, 2.5, 2**20, 2**41, 1e300, True, None, [1]])
@pytest.mark.parametrize("limit", ["time", "memory", "output"])
def test_they_agree_on_every_quantity(quantity: object, limit: str) -> None:
    """With units and without."""
    check_agreement(document(limits={limit: quantity}))


@pytest.mark.parametrize("due", [*TIMES, 2026, None, True])
def test_they_agree_on_every_time(due: object) -> None:
    """Of a deadline."""
    check_agreement(document(late={"due": due}))


@pytest.mark.parametrize("value", [*DURATIONS, *SHARES, 0, 1, 15, 0.5, -0.5, 1.5, True, None, [1]])
@pytest.mark.parametrize("key", ["grace", "penalty", "cap"])
def test_they_agree_on_every_duration_and_share(value: object, key: str) -> None:
    """Of a policy for late work."""
    check_agreement(document(late={"due": "2026-11-01T23:59Z", key: value}))


@pytest.mark.parametrize("name", NAMES)
def test_they_agree_on_every_name_and_title(name: str) -> None:
    """Of assignment and dataset."""
    check_agreement(document(name=name))
    check_agreement(document(title=name))
    check_agreement(document(datasets=[books(name=name)]))


@pytest.mark.parametrize("module", MODULES)
def test_they_agree_on_every_module(module: str) -> None:
    """What can be imported, and is not the framework."""
    check_agreement(document(module=module))


@pytest.mark.parametrize("place", PLACES)
def test_they_agree_on_every_place_in_a_record(place: str) -> None:
    """The little language of `unordered`."""
    check_agreement(document(compare={"unordered": [place]}))


@pytest.mark.parametrize("by", GENERATORS)
def test_they_agree_on_every_generator(by: str) -> None:
    """File and function."""
    check_agreement(document(datasets=[{"name": "a", "generate": {"by": by, "seed": 1, "size": 1}}]))


def test_they_agree_on_the_text_that_pyyaml_writes() -> None:
    """Most files are made by other programs, and by YAML 1.1."""
    text = yaml.safe_dump(
        document(compare={"float": {"rel": 1e-9}}, checks={"order": "off"}, samples={"1": "accepted"})
    )
    spec = parse(text, where=Path("assignment.yaml"))
    assert (spec.compare.rel, spec.checks.order, list(spec.samples)) == (1e-9, "off", ["1"])
