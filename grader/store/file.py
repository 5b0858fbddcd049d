"""The store's file: opened, made, and told apart from any other; what SQLite complains of, in our words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.errors import GraderError, InfrastructureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION = 0x70796D72
"""Says in the file's header whose it is: `pymr`."""

VERSION = 1
"""Of the tables below; a file of a later one is refused, since it may hold what we would overlook."""

PATIENCE = 30.0
"""Seconds to wait for another program that holds the file."""

_TABLES = """
CREATE TABLE judgement (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL,
    student TEXT NOT NULL, assignment TEXT NOT NULL, dataset TEXT NOT NULL,
    key_submission TEXT NOT NULL, key_assignment TEXT NOT NULL, key_data TEXT NOT NULL, key_reference TEXT NOT NULL,
    key_pymapr TEXT NOT NULL,
    verdict TEXT NOT NULL, score REAL, max_score REAL NOT NULL, result BLOB NOT NULL, runs BLOB NOT NULL
) STRICT;
CREATE INDEX judgement_of ON judgement (student, assignment, dataset);
CREATE TABLE override (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, student TEXT NOT NULL, assignment TEXT NOT NULL,
    score REAL, reason TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
"""

_ONLY_ADDED_TO = "".join(
    f"CREATE TRIGGER {table}_keeps_{event.lower()} BEFORE {event} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, 'what was graded stays: rows are only added'); END;\n"
    for table in ("judgement", "override")
    for event in ("UPDATE", "DELETE")
)


def connect(path: Path, *, create: bool, patience: float) -> sqlite3.Connection:
    """A connection to the store in `path`. `create` makes it where it is not there, and sees that it may be written.

    Raises UsageError for what is no store or cannot be used as one, InfrastructureError where it is held or there
    is no room.
    """
    if not create and not path.exists():
        raise UsageError(f"{path}: there is no such store", "grading with `--store` makes one")
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a store", "name a file, such as grades.sqlite")
    _look(path)
    with troubles(path, patience):
        _keep_private(path)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            _ready(connection, path, patience, write=create)
        except BaseException:
            connection.close()
            raise
    return connection


def _look(path: Path) -> None:
    """Raise UsageError for a file that is no database: SQLite itself takes a very short one for an empty one."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        if not _MAGIC.startswith(found := file.read(len(_MAGIC))) or 0 < len(found) < len(_MAGIC):
            raise _no_store(path)


_MAGIC = b"SQLite format 3\0"


def _keep_private(path: Path) -> None:
    """Make the file for its owner alone: it holds marks, and what hidden datasets said. Others can be let in later."""
    with contextlib.suppress(OSError):  # SQLite will say what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _ready(connection: sqlite3.Connection, path: Path, patience: float, *, write: bool) -> None:
    if _is_new(connection):
        _write_ahead(connection, patience)
        with transaction(connection):
            if _is_new(connection):  # still: nobody else has made it meanwhile
                _make(connection)
    _check(connection, path)
    _write_ahead(connection, patience)
    connection.execute("PRAGMA synchronous = NORMAL")
    if write:
        with transaction(connection):  # refused now, and not after an hour, where it may not be written
            connection.execute("DELETE FROM judgement WHERE 0")


def _is_new(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return not tables and not _pragma(connection, "application_id")


def _make(connection: sqlite3.Connection) -> None:
    for statement in _statements(_TABLES + _ONLY_ADDED_TO):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would end our transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION:
        raise _no_store(path)
    version = _pragma(connection, "user_version")
    if version > VERSION:
        what = f"{path} was written by a newer pymapr (its tables have version {version}, this one knows {VERSION})"
        raise UsageError(what, "upgrade pymapr, or name another file")


def _no_store(path: Path) -> UsageError:
    return UsageError(f"{path} is not a store of pymapr's; it was left as it is", "name another file")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _write_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Readers and a writer at once, and a commit that survives whoever made it. SQLite itself does not wait here."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not _kind(error).startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block, or nothing; begun as a writer, so that it waits for others at its beginning only."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def troubles(path: Path, patience: float) -> Iterator[None]:
    """Turns what SQLite raises into errors that name the file and the mend."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, patience, error) from error


def _told(path: Path, patience: float, error: sqlite3.Error) -> GraderError:
    kind = _kind(error)
    if kind == "SQLITE_NOTADB":
        return _no_store(path)
    if kind.startswith("SQLITE_CORRUPT"):
        return UsageError(f"{path} is damaged: {error}", f"try `sqlite3 {path.name} .recover`, or go back to a copy")
    if kind.startswith("SQLITE_CANTOPEN"):
        what = f"{path} cannot be opened: {error}"
        return UsageError(
            what, "its folder must be there, and writable: SQLite puts files beside it while it is in use"
        )
    if kind.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return UsageError(f"{path} cannot be written: {error}", "name a file in a folder where you may write")
    if kind.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        what = f"{path}: another program has held it for {patience:g} seconds"
        return InfrastructureError(what, "close it there; what was graded so far is kept")
    if kind.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        what = f"{path} could not be written: {error}"
        return InfrastructureError(
            what, "is the disk full? What was graded so far is kept: make room, and run it again"
        )
    return InfrastructureError(f"{path}: {error}", "this is a fault of pymapr; please report it")


def _kind(error: sqlite3.Error) -> str:
    """SQLite's own name for what happened; empty where Python's module itself complains."""
    return str(getattr(error, "sqlite_errorname", ""))
