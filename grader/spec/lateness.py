"""The section `late` of `assignment.yaml`: when a submission is due, and what each day after that costs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from grader.model import LatePolicy
from grader.spec import quantities
from grader.spec.rules import Fields, Item, Quantity, number, shown

if TYPE_CHECKING:
    from grader.spec.rules import Rule

KEYS = ("due", "grace", "penalty", "cap")

_EXAMPLE = "2026-11-01T23:59:00+01:00"
_TIME = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
    r"(?P<offset>Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
)
_NEVER = datetime.fromisoformat(_EXAMPLE)
"""Stands in for what was refused."""


def late(item: Item) -> LatePolicy:
    """The policy. Notes problems in `item.reading`, raises Problem for what is no mapping."""
    fields = Fields(item, KEYS)
    return LatePolicy(
        due=fields.need("due", _due, _NEVER, _EXAMPLE),
        grace=fields.get("grace", _grace, LatePolicy.grace),
        penalty=fields.get("penalty", _share("10%"), LatePolicy.penalty),
        cap=fields.get("cap", _share("50%"), LatePolicy.cap),
    )


def released(policy: LatePolicy) -> dict[str, object]:
    """The section as a kit has it: text that `late` reads as the same policy."""
    given = {"due": policy.due.isoformat(), "penalty": policy.penalty, "cap": policy.cap}
    return {**given, "grace": quantities.duration_text(policy.grace)}


def _due(item: Item) -> datetime:
    value = item.node.value
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise item.unexpected("a time with its offset", f"write `{item.key}: {_EXAMPLE}`")
    if match["offset"] is None:
        what = f"{shown(item.node)} has no offset, so that it is another moment in every time zone"
        raise item.problem(what, f"write `{item.key}: {value}+01:00`, with your own offset, or `{value}Z` for UTC")
    try:
        return datetime.fromisoformat(match[0])
    except ValueError:
        raise item.problem(f"{shown(item.node)} is a day that no calendar has", "mend the date") from None


_duration = Quantity(quantities.DURATION, "a duration", "0s", "365d", "15m")


def _grace(item: Item) -> float:
    if not isinstance(item.node.value, str):  # 15 of what?
        raise item.unexpected("a duration such as 15m", f"write `{item.key}: 15m`; units: s, m, h, d")
    return _duration(item)


def _share(example: str) -> Rule[float]:
    """`10%`, or a number from 0 to 1."""
    between = number(0, 1, example, kind="a share")

    def rule(item: Item) -> float:
        value = item.node.value
        if not isinstance(value, str):
            return float(between(item))
        if _PERCENT.fullmatch(value) is None:
            raise item.unexpected("a share from 0% to 100%", f"write `{item.key}: {example}`")
        return round(float(value.rstrip(" %")) / 100, 12)

    return rule


_PERCENT = re.compile(r"(100(\.0{1,9})?|[0-9]{1,2}(\.[0-9]{1,9})?) ?%")
