"""How large the HTML report of a class is, and how soon one can use it: `python benchmarks/html_report.py [STUDENTS]`.

A synthetic class over seven assignments, written, then opened in headless Chromium; the median of several openings.
Needs the extra `test`, and Chromium.
Not called `html.py`: a script's folder comes first where Python looks, and this would be everybody's `html`.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

try:
    from playwright.sync_api import Browser, sync_playwright
except ModuleNotFoundError:
    sys.exit("benchmarks/html_report.py needs playwright: pip install -e '.[test]'")
from html_report.classes import a_class

from grader.reports import to_html

OPENINGS = 5

# When the first rows stood in the table, and how long a click takes until its page has been drawn.
WATCH = """
    new MutationObserver((_, self) => {
        if (document.querySelector('#rows tr')) { window.usable = performance.now(); self.disconnect(); }
    }).observe(document, { subtree: true, childList: true });
"""
TIMED = """
    action => new Promise(done => {
        const start = performance.now();
        new Function(action)();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    })
"""
ACTIONS = {
    "sort by points": "document.querySelector('[data-key=points] button').click()",
    "search": "const box = document.getElementById('search'); box.value = 'lov';"
    " box.dispatchEvent(new Event('input', { bubbles: true }))",
    "open a student": "document.querySelector('#rows a').click()",
    "back": "location.hash = ''",
}


def main() -> None:
    """Asks for the size of the class, and measures it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", nargs="?", type=int, default=1000, metavar="STUDENTS", help="default: 1000")
    students: int = parser.parse_args().students
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("benchmarks/html_report.py needs Chromium: sudo apt-get install -y chromium")
    measure(students, chromium)


def measure(students: int, chromium: str) -> None:
    """Prints the table."""
    report = a_class(students)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        start = time.perf_counter()
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(to_html.render(report))
        print(f"{students} students x 7 assignments: {len(report.results)} submissions")
        print(f"  written in {time.perf_counter() - start:.1f} s, {path.stat().st_size / 1e6:.1f} MB")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            rounds = [opening(browser, path) for _ in range(OPENINGS)]
            browser.close()
    for name in rounds[0]:
        times = [one[name] for one in rounds]
        print(f"  {name:<16} {statistics.median(times):7.0f} ms   ({min(times):.0f} to {max(times):.0f})")


def opening(browser: Browser, path: Path) -> dict[str, float]:
    """Milliseconds for each thing one does."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(path.as_uri())
    told = {
        "table usable": page.evaluate("window.usable"),
        "all read": page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive"),
    }
    told |= {name: page.evaluate(TIMED, action) for name, action in ACTIONS.items()}
    page.close()
    return told


if __name__ == "__main__":
    main()
