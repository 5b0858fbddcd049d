"""Draws lines of styled text at a given width; the one file that knows rich, which it imports on first use."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

Part = str | tuple[str, str]
"""A piece of text, as it is or with a style of rich's. Never markup: `[red]` in a name is a name."""


class Page:
    """A terminal's width and whether it has colour. Text must have been made `visible` before."""

    def __init__(self, *, width: int, colour: bool) -> None:
        from rich.console import Console

        self.width = width
        # All said, so that rich consults no COLUMNS, NO_COLOR or TERM: whoever chose `width` and `colour` has done so.
        self._console = Console(
            file=io.StringIO(),
            width=width,
            color_system="standard" if colour else None,
            force_terminal=colour,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def cells(self, text: str) -> int:
        """How many columns `text` takes: two for most East Asian characters, none for a combining accent."""
        from rich.cells import cell_len

        return cell_len(text)

    def left(self, text: str, width: int) -> str:
        """`text` and spaces up to `width` columns."""
        return text + " " * (width - self.cells(text))

    def right(self, text: str, width: int) -> str:
        """Spaces up to `width` columns, and `text`."""
        return " " * (width - self.cells(text)) + text

    def lines(self, *parts: Part, indent: int = 0, hang: int = 0, gutter: str = "") -> Iterator[str]:
        """The parts as one paragraph, wrapped: `indent` columns in, lines after the first `hang` columns further.

        Every line begins with `gutter` after its indent, so that quoted text cannot pass for ours.
        """
        paragraph = self._text(parts)
        room = max(self.width - indent - hang - self.cells(gutter), 1)
        for number, line in enumerate(paragraph.wrap(self._console, room, overflow="fold") or [paragraph]):
            yield self._drawn(" " * (indent + (hang if number else 0)) + gutter, line)

    def packed(
        self, items: Iterable[str], *, separator: str, indent: int = 0, hang: int = 0, style: str = ""
    ) -> Iterator[str]:
        """The items in as few lines as hold them, none broken; `separator` between them, also at a line's end."""
        room = self.width - indent - hang - self.cells(separator.rstrip())
        lines: list[str] = []
        for item in items:
            if lines and self.cells(longer := f"{lines[-1]}{separator}{item}") <= room:
                lines[-1] = longer
            else:
                lines.append(item)
        for number, line in enumerate(lines):
            end = separator.rstrip() if number < len(lines) - 1 else ""
            yield from self.lines((line + end, style), indent=indent + (hang if number else 0))

    def whole(self, *parts: Part, indent: int = 0) -> str:
        """The parts as one line, however long: a command that was wrapped cannot be copied."""
        return self._drawn(" " * indent, self._text(parts))

    def _text(self, parts: tuple[Part, ...]) -> Text:
        from rich.text import Text

        return Text.assemble(*parts)

    def _drawn(self, margin: str, text: Text) -> str:
        text.rstrip()
        with self._console.capture() as captured:
            self._console.print(self._text((margin,)).append_text(text), soft_wrap=True)
        return captured.get()
