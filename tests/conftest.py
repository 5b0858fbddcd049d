"""Plugins that the tests need: pytest's own, for running pytest within a test."""

pytest_plugins = ["pytester"]
