"""The HTML report and the feedback files, read and used in a real browser."""
