"""From a file's bytes to its syntax tree, or to the reason why this Python reads it otherwise than its author meant."""

import ast
import codecs
import re
import warnings

from pymapr.surprises.finding import Surprise

# As the language defines a source cookie: a comment, alone in one of the first two lines.
COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
BLANK = re.compile(rb"^[ \t\f]*(#.*)?$")

# What of Python 2 no longer compiles: how the offending line looks, its name, its mend.
PYTHON_2 = [
    (r"\bprint\b(?!\s*[(=.,:\])])", "the `print` statement", "write `print(...)` with parentheses"),
    (r"\bexec\b\s*[^\s(=.,:\])]", "the `exec` statement", "write `exec(...)` with parentheses"),
    (r"<>", "the operator `<>`", "write `!=`"),
    (r"`", "backticks", "write `repr(...)`"),
    (r"\bexcept\b[^:()]*,", "`except ERROR, name`", "write `except ERROR as name`"),
    (r"\braise\b[^,()]*,", "`raise ERROR, text`", "write `raise ERROR(text)`"),
    (r"\b(lambda\b|def\s+\w+\s*\()[^:]*\(", "a tuple among the parameters", "take the tuple apart in the body"),
    (r"\b[uU][rR]['\"]", "a `ur` string", "write `r` alone: every string is Unicode"),
    (r"\b0\d+\b", "a number with a leading zero", "write octal numbers as `0o17`, decimal ones without the zero"),
    (r"\b\d+[lL]\b", "a number that ends in `L`", "leave out the `L`: every integer is long"),
]
ADVICE = "; `python -m lib2to3` (before Python 3.13) or any 2-to-3 converter does the rest"


def understand(data: bytes) -> tuple[ast.Module | None, list[Surprise]]:
    """The tree of a source file and what is odd about its text; no tree where it does not compile. Executes nothing."""
    if b"\0" in data:
        return None, [Surprise(None, "the file holds null bytes: it may be UTF-16, or no text", "save it as UTF-8")]
    odd = list(_cookie(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return None, odd or [Surprise(line, what, "save the file as UTF-8 in your editor")]
    try:
        return _compiled(text), odd
    except SyntaxError as error:
        return None, [*odd, _explained(error)]
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        # Python's own limits: too many brackets inside each other, or a number beyond all measure.
        what = f"this Python cannot compile the file: {error or type(error).__name__}"
        return None, [*odd, Surprise(None, what, "write large tables of data to a file, or nest less")]


def _compiled(text: str) -> ast.Module:
    """The tree of a text that compiles. Compiled for its errors alone: some are found no earlier; nothing is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape in a string, which harms nobody yet
        tree = ast.parse(text)
        compile(text, "job", "exec", dont_inherit=True)
    return tree


def _cookie(data: bytes) -> list[Surprise]:
    """A source encoding other than UTF-8."""
    for number, line in enumerate(data.splitlines()[:2], start=1):
        if found := COOKIE.match(line):
            name = found[1].decode("ascii", "replace")
            if _is_utf8(name):
                return []
            mend = "save the file as UTF-8 and take the cookie out: a grader may accept nothing else"
            return [Surprise(number, f"the file declares the encoding {name}", mend)]
        if not BLANK.match(line):
            break
    return []


def _is_utf8(name: str) -> bool:
    """Whether an encoding's name is one of UTF-8's, or of ASCII's, which is part of it."""
    try:
        return codecs.lookup(name).name in {"utf-8", "utf-8-sig", "ascii"}
    except LookupError:
        return False


def _explained(error: SyntaxError) -> Surprise:
    """Why it does not compile, with the mend where the reason is one that many files share."""
    line = error.lineno
    if isinstance(error, TabError):
        what = "TabError: tabs and spaces are mixed, so that Python 3 cannot tell how deep this line is indented"
        return Surprise(line, what, "indent with spaces alone: let your editor convert tabs (Python 2 took one for 8)")
    code = re.sub(r"#.*", "", error.text or "")
    for looks, name, mend in PYTHON_2:
        if re.search(looks, code):
            return Surprise(line, f"this may be Python 2: {name} does not compile in Python 3", mend + ADVICE)
    if isinstance(error, IndentationError):
        return Surprise(line, f"the file does not compile: {error.msg}", "indent this block like its neighbours")
    return Surprise(line, f"the file does not compile: {error.msg}", "mend this line, or the one before it")
