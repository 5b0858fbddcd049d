"""The page around the data: one document with its own styles and scripts, which may do nothing but be themselves."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STYLES = ("base", "verdicts", "overview", "table", "student", "difference", "timeline", "print")
SCRIPTS = ("dom", "words", "data", "charts", "table", "difference", "timeline", "student", "main")
"""Files of `css/` and `js/`, in the order in which they are joined. The scripts share one scope, that of a module."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# In a script element, text may neither end the element nor open a comment; U+2028 and U+2029 end a line for some.
_HARMLESS = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


class _Page(NamedTuple):
    """`page.html` in pieces: data goes between them."""

    opening: Template
    script: str
    closing: str


def framed(
    *, title: str, mark: str, version: str, scriptless: str, overview: str, rest: Iterable[str]
) -> Iterator[str]:
    """The whole document around its data.

    `title`, `mark` and `version` are text, escaped here; `scriptless`, `overview` and `rest` are markup. The script
    stands before `rest`: a class's overview can be used while the browser still reads on.
    """
    page = _page()
    texts = {name: html.escape(text) for name, text in {"title": title, "mark": mark, "version": version}.items()}
    yield page.opening.substitute(texts, scriptless=scriptless)
    yield overview
    yield page.script
    yield from rest
    yield page.closing


def block(name: str, value: Json) -> str:
    """A piece of data as an element that nobody executes, on one line."""
    dumped = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in _HARMLESS.items():
        dumped = dumped.replace(character, escape)
    return f'<script type="application/json" id="{name}">{dumped}</script>\n'


@cache
def _page() -> _Page:
    text = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    style, script = f"\n{_joined('css', STYLES)}", f"\n{_joined('js', SCRIPTS)}"
    fixed = Template(text).safe_substitute(policy=_policy(style, script), style=style.replace("$", "$$"))
    opening, closing = fixed.split("<!-- data -->\n")
    return _Page(Template(opening), f'<script type="module" async>{script}</script>\n', closing)


def _joined(folder: str, names: Iterable[str]) -> str:
    here = files(__package__).joinpath(folder)
    return "\n".join(here.joinpath(f"{name}.{folder}").read_text(encoding="utf-8") for name in names)


def _policy(style: str, script: str) -> str:
    """What the document allows itself: this style, this script, and nothing from anywhere."""
    rules = (
        "default-src 'none'",
        f"style-src {_source(style)}",
        f"script-src {_source(script)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(rules)


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
