"""YAML text to nodes that know their place, with the scalars of YAML 1.2; refuses tags, bombs and second documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from grader.spec.problems import Place, Problem, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LARGEST = 2**20
"""Bytes of text that are read at most."""
DEEPEST = 50
"""How many lists and mappings may stand inside each other."""
MOST = 100_000
"""How many values a file may hold once its aliases are written out."""

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it begins: a scalar, a tuple of nodes, or a dict of nodes; `keys` says where each key is."""

    place: Place
    value: Scalar | tuple[Node, ...] | dict[str, Node]
    keys: Mapping[str, Place] = field(default_factory=dict)


# The core schema of YAML 1.2.2, section 10.3.2. YAML 1.1, which PyYAML speaks by itself, reads `off` as false,
# `1:30` as 90 and `1e-9` as text: each a wrong mark in the making.
_SCALARS: tuple[tuple[str, str, Callable[[str], Scalar]], ...] = (
    ("null", r"~|null|Null|NULL|", lambda _: None),
    ("bool", r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    ("int", r"[-+]?[0-9]+", int),
    ("int", r"0o[0-7]+", lambda text: int(text, 0)),
    ("int", r"0x[0-9a-fA-F]+", lambda text: int(text, 0)),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", float),
    ("float", r"[-+]?\.(?:inf|Inf|INF)", lambda text: float(text.replace(".", ""))),
    ("float", r"\.(?:nan|NaN|NAN)", lambda _: float("nan")),
)


def resolve(text: str) -> Scalar:
    """What an unquoted scalar means. Raises ValueError for an integer of more digits than Python converts."""
    return next((convert(text) for _, pattern, convert in _SCALARS if re.fullmatch(pattern, text)), text)


def compose(text: str) -> Node:
    """The one document of `text`. Raises Problem, with the place, for whatever is not one plain YAML document."""
    if len(text) > LARGEST:
        raise too_large()
    composer = _Composer(yaml.parse(text, Loader=yaml.SafeLoader))
    try:
        return composer.document()
    except yaml.reader.ReaderError as error:
        raise _unprintable(text, error) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from None
    except (ValueError, OverflowError):  # PyYAML lets these through, for instance for "\UFFFFFFFF"
        raise Problem(composer.place, "not YAML: a number out of range in what follows", _QUOTE) from None


def decode(raw: bytes) -> str:
    """The text of a file. Raises Problem where the bytes are not UTF-8, or too many."""
    if len(raw) > LARGEST:
        raise too_large()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        what = f"not UTF-8: byte 0x{raw[error.start]:02x} cannot stand here"
        raise Problem(_place_after(before), what, "save the file as UTF-8") from None


def too_large() -> Problem:
    """For who reads the file: an assignment is not that long."""
    return Problem(Place(1, 1), "larger than 1 MB", "keep data in files of their own, and name them under `datasets`")


def _place_after(text: str) -> Place:
    """The place of the character that follows `text`."""
    return Place(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _unprintable(text: str, error: yaml.reader.ReaderError) -> Problem:
    what = f"character U+{ord(text[error.position]):04X} cannot stand in YAML"
    return Problem(_place_after(text[: error.position]), what, "delete it; editors do not always show it")


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    said = error.problem or ""
    place = _place(error.problem_mark)
    if r"'\t'" in said:
        return Problem(place, "not YAML: a tab", "indent with spaces")
    if said.endswith(("end of stream", "'<stream end>'")) and error.context_mark:
        return Problem(_place(error.context_mark), "not YAML: this is never closed", "close the quote or bracket")
    hint = next((hint for sign, hint in _MENDS.items() if sign in said), "")
    return Problem(place, f"not YAML: {': '.join(filter(None, (error.context, said)))}", hint)


_COLUMN = "keys of one mapping begin in the same column, each with `: ` behind it"
_QUOTE = "put text in quotes that holds any of `: # , [ ] { }`, or begins with one of `* & ! % @`"
_MENDS = {
    "<block end>": _COLUMN,
    "could not find expected ':'": _COLUMN,
    "mapping values are not allowed": _QUOTE,
    "cannot start any token": _QUOTE,
    "but got": _QUOTE,
    "tag handle": _QUOTE,
    "expected alphabetic": _QUOTE,
}
"""What is probably meant, by words in PyYAML's messages."""


def _place(mark: object) -> Place:
    assert isinstance(mark, yaml.error.Mark)  # PyYAML's parser in Python marks every event
    return Place(mark.line + 1, mark.column + 1)


@dataclass(frozen=True, slots=True)
class _Built:
    """A node, how many values it holds with itself, and how deep it goes."""

    node: Node
    size: int = 1
    height: int = 0


class _Composer:
    """Events to nodes. An alias shares its anchor's node, and yet counts in full: who walks the tree walks it so."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Built | None] = {}
        self._count = 0
        self.place = Place(1, 1)
        """Where the last event that was read begins."""

    def _next(self) -> yaml.Event:
        event = next(self._events)
        self.place = _place(event.start_mark)
        return event

    def document(self) -> Node:
        """The only document. Raises Problem for none, and for a second."""
        documents: list[Node] = []
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if documents and isinstance(event, yaml.DocumentStartEvent):
                raise Problem(self.place, "a second document", "keep one document, and no `---`")
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append(self._build(self._next(), 0).node)
        if not documents:
            raise Problem(Place(1, 1), "the file is empty", "an assignment begins with `name: ...`")
        return documents[0]

    def _build(self, event: yaml.Event, depth: int) -> _Built:
        place = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth, place)
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor:
            self._anchors[event.anchor] = None
        built = self._fresh(event, depth, place)
        if event.anchor:
            self._anchors[event.anchor] = built
        return built

    def _alias(self, event: yaml.AliasEvent, depth: int, place: Place) -> _Built:
        if event.anchor not in self._anchors:
            raise Problem(place, f"alias '*{event.anchor}' has no anchor before it", "quote text that begins with `*`")
        built = self._anchors[event.anchor]
        if built is None:
            raise Problem(place, f"alias '*{event.anchor}' stands inside its own anchor", "write the value out")
        self._weigh(built.size, depth + built.height, place)
        return built

    def _weigh(self, size: int, depth: int, place: Place) -> None:
        self._count += size
        if self._count > MOST:
            raise Problem(place, f"more than {MOST} values, aliases written out", "write the values out")
        if depth > DEEPEST:
            raise Problem(place, f"nested more than {DEEPEST} deep", "an assignment needs a depth of 4")

    def _fresh(self, event: yaml.NodeEvent, depth: int, place: Place) -> _Built:
        collection = isinstance(event, yaml.CollectionStartEvent)
        self._weigh(1, depth + collection, place)
        tag = getattr(event, "tag", None)
        if tag not in _TAGS[type(event)]:
            written = quoted(str(tag).replace("tag:yaml.org,2002:", "!!"))
            raise Problem(place, f"tag {written} is not read here", "leave the tag out")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth + 1, place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth + 1, place)
        assert isinstance(event, yaml.ScalarEvent)
        return _Built(Node(place, _scalar(event, place)))

    def _sequence(self, depth: int, place: Place) -> _Built:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._build(event, depth))
        return _collection(Node(place, tuple(item.node for item in items)), items)

    def _mapping(self, depth: int, place: Place) -> _Built:
        items: dict[str, _Built] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, at = _key(event), _place(event.start_mark)
            if key in keys:
                what = f"duplicate key {quoted(key)}, first in line {keys[key].line}"
                raise Problem(at, what, "keep one of the two")
            keys[key] = at
            items[key] = self._build(self._next(), depth)
        return _collection(Node(place, {key: item.node for key, item in items.items()}, keys), list(items.values()))


def _collection(node: Node, items: list[_Built]) -> _Built:
    size = 1 + sum(item.size for item in items)
    return _Built(node, size, 1 + max((item.height for item in items), default=0))


_TAGS: dict[type[yaml.Event], tuple[str | None, ...]] = {
    yaml.ScalarEvent: (None, "!", "tag:yaml.org,2002:str"),
    yaml.SequenceStartEvent: (None, "!", "tag:yaml.org,2002:seq"),
    yaml.MappingStartEvent: (None, "!", "tag:yaml.org,2002:map"),
}


def _key(event: yaml.Event) -> str:
    """A key is its text, whatever it looks like: a student may be called `42` or `null`."""
    place = _place(event.start_mark)
    if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
        raise Problem(place, "a key that is not plain text", "write `key: value`")
    return _joined(event.value, place)


def _scalar(event: yaml.ScalarEvent, place: Place) -> Scalar:
    if event.style or event.tag:
        return _joined(event.value, place)
    try:
        return resolve(event.value)
    except ValueError:
        raise Problem(place, f"a number of {len(event.value)} digits", "write a smaller one, or quote it") from None


def _joined(text: str, place: Place) -> str:
    r"""JSON writes what lies beyond U+FFFF as two escapes, and YAML 1.2 holds JSON: "\ud83d\ude00" is one character."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise Problem(place, "a surrogate without its other half", "write the character itself") from None


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the text that `resolve` would take for something else."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_Dumper.yaml_implicit_resolvers = {}  # its own, and none of PyYAML's


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # PyYAML folds these three as line ends unless it must escape them.
    style = '"' if set(text) & set("\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
for _tag, _pattern, _ in _SCALARS:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), None)


def dump(data: object) -> str:
    """Plain data as YAML 1.2 text, keys in their order; `compose` reads back what stood in it."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=2**31)
