"""What the tests of the terminal report share: a class, how it is rendered, and what it looks like, word for word."""

from __future__ import annotations

from builders import a_case, a_report, a_result, a_run, a_wrong_case, both_runs

from grader.model import GradeReport, SubmissionResult, Verdict, Visibility
from grader.reports import to_terminal


def rendered(report: GradeReport, width: int = 100) -> str:
    """The report without colour."""
    return "".join(to_terminal.render(report, width=width))


def a_class() -> GradeReport:
    """Four students, two assignments, and one of everything that can be said."""
    crashed = a_case(
        "zipf",
        Verdict.RUNTIME_ERROR,
        visibility=Visibility.HIDDEN,
        max_score=6,
        message="ZeroDivisionError: division by zero\n  wordcount.py:7, in mapper\n    x = 1 / 0",
        hint="the record is zipf.json:3",
        runs=(a_run("serial", 0.5),),
    )
    ours = a_case(verdict=Verdict.GRADER_ERROR, message="no room left on the disk", hint="make room, and grade again")
    right = a_case("zipf", max_score=6, visibility=Visibility.HIDDEN, runs=both_runs(12.3, 4.5))
    return a_report(
        a_result(a_case(runs=both_runs(0.05, 0.1)), right, submission="ada"),
        a_result(a_wrong_case(), a_wrong_case("edge"), crashed, submission="grace"),
        a_result(ours, assignment="join", submission="ada"),
        a_result(a_case(score=10 / 3, verdict=Verdict.ORDER_DEPENDENT), assignment="join", submission="山田太郎"),
        skipped=("multiply: no submission of grace",),
    )


def explanation(result: SubmissionResult, width: int = 100) -> str:
    """What a class's report says of this submission below the table."""
    other = a_result(submission="somebody else")
    _table, found, *_closing = rendered(a_report(result, other), width).split("\n\n")[-3:]
    return found


CLASS_AT_100 = """\
  submission  verdict            points    seconds  gain        map    shuffle     reduce
wordcount
  ada         ✓ accepted          10/10  12.4→4.60  2.7x  6.18→2.30  1.24→0.46  2.47→0.92
  grace       ✗ runtime-error      0/14  2.40→0.80  3.0x  1.20→0.40  0.24→0.08  0.48→0.16
join
  ada         ! grader-error        -/4
  山田太郎    ✗ order-dependent  3.33/4

  a→b: wall seconds, serial run → fastest parallel run; 2.0x: twice as fast

wordcount · grace  0/14 points
  ✗ wrong-answer
    books, edge: the output is not what was expected
      1 record missing and 1 record unexpected
        expected ["the", 9], got ["the", 8]
    hint: compare with the reference's output on a few lines of the data
    reproduce: pymapr run wordcount.py data/books.json --engine serial
  ✗ runtime-error
    zipf: ZeroDivisionError: division by zero
      │   wordcount.py:7, in mapper
      │     x = 1 / 0
    hint: the record is zipf.json:3
  remark on books, edge: it printed 3 lines

join · ada  -/4 points
  ! grader-error
    books: no room left on the disk
    hint: make room, and grade again

join · 山田太郎  3.33/4 points
  ✗ order-dependent
    books

skipped: multiply: no submission of grace
4 submissions: 1 accepted, 1 order-dependent, 1 runtime-error, 1 grader-error
sandbox level 2 (landlock, seccomp), without scopes
"""

CLASS_AT_80 = """\
  submission  verdict            points
wordcount
  ada         ✓ accepted          10/10
    12.4→4.60 2.7x · map 6.18→2.30 · shuffle 1.24→0.46 · reduce 2.47→0.92
  grace       ✗ runtime-error      0/14
    2.40→0.80 3.0x · map 1.20→0.40 · shuffle 0.24→0.08 · reduce 0.48→0.16
join
  ada         ! grader-error        -/4
  山田太郎    ✗ order-dependent  3.33/4

  a→b: wall seconds, serial run → fastest parallel run; 2.0x: twice as fast

wordcount · grace  0/14 points
  ✗ wrong-answer
    books, edge: the output is not what was expected
      1 record missing and 1 record unexpected
        expected ["the", 9], got ["the", 8]
    hint: compare with the reference's output on a few lines of the data
    reproduce: pymapr run wordcount.py data/books.json --engine serial
  ✗ runtime-error
    zipf: ZeroDivisionError: division by zero
      │   wordcount.py:7, in mapper
      │     x = 1 / 0
    hint: the record is zipf.json:3
  remark on books, edge: it printed 3 lines

join · ada  -/4 points
  ! grader-error
    books: no room left on the disk
    hint: make room, and grade again

join · 山田太郎  3.33/4 points
  ✗ order-dependent
    books

skipped: multiply: no submission of grace
4 submissions: 1 accepted, 1 order-dependent, 1 runtime-error, 1 grader-error
sandbox level 2 (landlock, seccomp), without scopes
"""

CLASS_AT_60 = """\
  submission  verdict            points
wordcount
  ada         ✓ accepted          10/10
    12.4→4.60 2.7x · map 6.18→2.30 · shuffle 1.24→0.46 ·
    reduce 2.47→0.92
  grace       ✗ runtime-error      0/14
    2.40→0.80 3.0x · map 1.20→0.40 · shuffle 0.24→0.08 ·
    reduce 0.48→0.16
join
  ada         ! grader-error        -/4
  山田太郎    ✗ order-dependent  3.33/4

  a→b: wall seconds, serial run → fastest parallel run;
  2.0x: twice as fast

wordcount · grace  0/14 points
  ✗ wrong-answer
    books, edge: the output is not what was expected
      1 record missing and 1 record unexpected
        expected ["the", 9], got ["the", 8]
    hint: compare with the reference's output on a few
          lines of the data
    reproduce: pymapr run wordcount.py data/books.json --engine serial
  ✗ runtime-error
    zipf: ZeroDivisionError: division by zero
      │   wordcount.py:7, in mapper
      │     x = 1 / 0
    hint: the record is zipf.json:3
  remark on books, edge: it printed 3 lines

join · ada  -/4 points
  ! grader-error
    books: no room left on the disk
    hint: make room, and grade again

join · 山田太郎  3.33/4 points
  ✗ order-dependent
    books

skipped: multiply: no submission of grace
4 submissions: 1 accepted, 1 order-dependent,
  1 runtime-error, 1 grader-error
sandbox level 2 (landlock, seccomp), without scopes
"""

CLASS_FOR_STUDENTS = """\
  submission  verdict            points    seconds  gain        map    shuffle     reduce
wordcount
  ada         ✓ accepted          10/10  0.05→0.10  0.5x  0.03→0.05  0.01→0.01  0.01→0.02
  grace       ✗ wrong-answer       0/14  2.40→0.80  3.0x  1.20→0.40  0.24→0.08  0.48→0.16
join
  ada         ! grader-error        -/4
  山田太郎    ✗ order-dependent  3.33/4

  a→b: wall seconds, serial run → fastest parallel run; 2.0x: twice as fast

wordcount · grace  0/14 points
  ✗ wrong-answer
    books, edge: the output is not what was expected
      1 record missing and 1 record unexpected
        expected ["the", 9], got ["the", 8]
    hint: compare with the reference's output on a few lines of the data
    reproduce: pymapr run wordcount.py data/books.json --engine serial
  ✗ failed
    zipf: this dataset is not public: whether it passes is all that is shown
  remark on books, edge: it printed 3 lines

join · ada  -/4 points
  ! grader-error
    books: no room left on the disk
    hint: make room, and grade again

join · 山田太郎  3.33/4 points
  ✗ order-dependent
    books

skipped: multiply: no submission of grace
4 submissions: 1 accepted, 1 order-dependent, 1 wrong-answer, 1 grader-error
sandbox level 2 (landlock, seccomp), without scopes
"""

SELF_CHECK = """\
wordcount · student-01
  dataset  verdict         points
  books    ✓ accepted         4/4
    1.20→0.40 3.0x · map 0.60→0.20 · shuffle 0.12→0.04 · reduce 0.24→0.08
  edge     ✗ wrong-answer     0/4
    1.20→0.40 3.0x · map 0.60→0.20 · shuffle 0.12→0.04 · reduce 0.24→0.08
  zipf     - withheld
  total    ✗ wrong-answer     4/8
    2.40→0.80 3.0x · map 1.20→0.40 · shuffle 0.24→0.08 · reduce 0.48→0.16

  ✗ wrong-answer
    edge: the output is not what was expected
      1 record missing and 1 record unexpected
        expected ["the", 9], got ["the", 8]
    hint: compare with the reference's output on a few lines of the data
    reproduce: pymapr run wordcount.py data/edge.json --engine serial
  remark on edge: it printed 3 lines

  a→b: wall seconds, serial run → fastest parallel run; 2.0x: twice as fast

skipped: wordcount: zipf (withheld, so not judged)
1 submission: 1 wrong-answer
sandbox level 2 (landlock, seccomp), without scopes
"""

SELF_CHECK_OF_ONE = """\
wordcount · student-01
  dataset  verdict     points
  books    ✓ accepted     4/4

1 submission: 1 accepted
sandbox level 2 (landlock, seccomp), without scopes
"""
