"""What was judged before and need not be judged again; without a store, nothing. Writes down what is judged now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grader.keys import Keys, identity
from grader.packed import small
from grader.sandbox import levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.model import CaseResult, DatasetSpec, Override, Spec
    from grader.store import Identity, Key, Store
    from grader.submission import Submission


class Place(NamedTuple):
    """Where in a store a judgement belongs."""

    identity: Identity
    key: Key


class Known:
    """The results in a store, as a batch asks for them.

    store: None where nothing is kept. regrade: judge everything anew, and keep what was judged before as history.
    """

    def __init__(self, store: Store | None, *, regrade: bool = False) -> None:
        self._store, self._regrade = store, regrade
        self._keys = Keys(levels.current().number) if store is not None else None

    def place(self, spec: Spec, dataset: DatasetSpec, submission: Submission, *, anew: bool = False) -> Place | None:
        """Where the judgement belongs; None where nothing is kept. anew: the submission's files may have changed."""
        if self._keys is None:
            return None
        return Place(identity(spec, dataset, submission), self._keys.of(spec, dataset, submission, anew=anew))

    def result(self, place: Place | None) -> CaseResult | None:
        """What is there, if it may be used."""
        if self._store is None or place is None or self._regrade:
            return None
        return self._store.recall(*place)

    def keep(self, place: Place | None, case: CaseResult) -> CaseResult:
        """The result, small enough to wait for the reports; on file, where there is one."""
        case = small(case)
        if self._store is not None and place is not None:
            self._store.record(*place, case)
        return case

    def overrides(self) -> dict[tuple[str, str], Override]:
        """The overrides in force, by submission and assignment."""
        return self._store.overrides() if self._store is not None else {}

    def outdated(self, overrides: Mapping[tuple[str, str], Override]) -> set[tuple[str, str]]:
        """Of these overrides those that were made before what counts now was handed in."""
        if self._store is None:
            return set()
        return {whose for whose, made in overrides.items() if self._store.changed_since(*whose, made.at)}
