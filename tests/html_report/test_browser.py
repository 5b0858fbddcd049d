"""Where there is no browser: a reader is told what installs it, and CI does not pass for having looked at nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from html_report.conftest import ABSENT, chromium

README = Path(__file__).parents[2] / "README.md"


def test_without_chromium_the_tests_are_skipped_and_name_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On somebody's laptop."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y chromium"):
        chromium()


def test_in_ci_its_absence_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A skip would look like success."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y chromium"):
        chromium()


def test_readme_and_skip_name_the_same_command() -> None:
    """Whoever reads one knows the other."""
    command = ABSENT.split("`")[1]
    assert command in " ".join(README.read_text(encoding="utf-8").split())
