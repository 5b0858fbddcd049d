"""What all tests need: pytest's own plugin for running pytest within a test, and hypothesis without its stop-watch."""

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("any machine", deadline=None)  # a busy one is slow, and no example's fault
settings.load_profile("any machine")
