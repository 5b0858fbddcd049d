"""How a run ends that does not end well: what the tests of errors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.villains import data
from pymapr import run
from pymapr.errors import MaprError

if TYPE_CHECKING:
    from pathlib import Path

EACH_ENGINE = pytest.mark.parametrize("engine", ["serial", "parallel"])


def failing(path: Path, folder: Path, **options: Any) -> MaprError:
    """Run the job on twenty records and return the error that it ends with."""
    with pytest.raises(MaprError) as caught:
        run(path, data(folder), **{"workers": 2, **options})
    return caught.value
