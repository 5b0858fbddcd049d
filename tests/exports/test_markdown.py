"""Markdown read as a host reads it: our own markup is all the markup there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_case, a_difference, a_report, a_result, a_wrong_case
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from exports.hostile import UNTIMED, harmless, reports, texts
from exports.marks import a_mark, a_student
from grader.audience import for_audience, shown_verdict
from grader.model import Audience, Example, GradeReport, Lateness, Verdict, Visibility
from grader.reports import markdown, plain, standing, to_markdown

OURS = {"heading", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "paragraph"}
NO_SPACE = "\u200b"


def text_of(report: GradeReport) -> str:
    """The whole document."""
    return "".join(to_markdown.render(report))


def read(text: str) -> tuple[list[str], list[str]]:
    """The kinds of markup in a document, and the text of each piece of inline code, in CommonMark with tables."""
    kinds, codes = [], []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        kinds.append(token.type.removesuffix("_open").removesuffix("_close"))
        code = ""
        for child in token.children or ():
            if child.type == "html_inline":
                assert child.content in ("<code>", "</code>")
                codes += [code] if child.content == "</code>" else []
                code = ""
            else:
                assert child.type in ("text", "text_special"), child.type
                code += child.content
    return kinds, codes


def test_the_document_word_for_word() -> None:
    """A table for each assignment, then what is wrong with whom, then what was not judged."""
    late = replace(
        a_mark(8, a_student("x", "Ada"), submission="ada_1"),
        late=Lateness(days=1, penalty=0.25),
        withheld=("tail",),
    )
    assert text_of(a_report(late, a_result(submission="grace"), skipped=("join: no dataset",))) == EXPECTED


EXPECTED = """\
# Grading report

## <code>wordcount</code>

| submission | verdict | points | mark |
| :--- | :--- | ---: | ---: |
| <code>ada&#95;1 &#40;Ada&#41;</code> | wrong-answer | 8/10 | 5.5 |
| <code>grace</code> | accepted | 4/4 | 4 |

### <code>wordcount</code> <code>ada&#95;1 &#40;Ada&#41;</code>

- late: <code>1 day, which costs 25 &#37; of the points</code>
- mark: <code>5&#46;5 of 10 &#40;computed&#58; 8&#41;</code>

```text
wrong-answer
  books: not what was expected
```

- skipped: <code>join&#58; no dataset</code>
- withheld, so not judged: <code>wordcount</code> <code>tail</code>
- 2 submissions, sandbox level 2, pymapr 0.1.0
"""


def test_what_is_wrong_is_told_with_examples_hint_and_command() -> None:
    """Datasets that fail alike are told of once."""
    text = text_of(a_report(a_result(a_wrong_case(), a_wrong_case("edge"), a_case("zipf", remarks=("slow\n# x",)))))
    assert text.split("```")[1] == (
        """text
wrong-answer
  books, edge: the output is not what was expected
    expected ["the", 9], got ["the", 8]
      at $[1]: expected 9, got 8
  hint: compare with the reference's output on a few lines of the data
  reproduce: pymapr run wordcount.py data/books.json --engine serial
remark on books, edge: it printed 3 lines
remark on zipf: slow
  │ # x
"""
    )


def test_a_fence_is_longer_than_any_run_of_backticks_within() -> None:
    """So no record can end it."""
    difference = a_difference(1, 0, Example(expected='"`````"', got=None))
    text = text_of(a_report(a_result(a_case(verdict=Verdict.WRONG_ANSWER, difference=difference))))
    assert text.count("``````text\n") == 1
    assert text.count("\n``````\n") == 1


@pytest.mark.parametrize(
    "name",
    ["@everyone", "a@b.cd", "www.evil.com", "http://evil", ":tada:", "#1", "a/b#1", "[x](y)", "![x](y)", "a|b", "\\|"],
)
def test_nothing_in_a_name_looks_like_a_mention_a_link_or_an_emoji(name: str) -> None:
    """It stands in code, where hosts look for none of these, and its signs are entities."""
    coded = markdown.code(name)
    assert coded.startswith("<code>")
    assert not set(coded.removeprefix("<code>").removesuffix("</code>")) & set("@.:/[]()!|\\`*_<>")
    assert read(coded) == (["paragraph", "inline", "paragraph"], [name.replace("@", "@" + NO_SPACE)])


def test_a_hidden_dataset_tells_students_nothing_more_than_failed() -> None:
    """Neither in the table, nor below."""
    text = text_of(a_report(a_result(a_wrong_case("zipf", Visibility.HIDDEN)), audience=Audience.STUDENT))
    assert "| failed |" in text
    assert not [word for word in ("wrong-answer", "expected", "printed", "pymapr run") if word in text]


@UNTIMED
@given(st.lists(texts, max_size=3))
def test_a_fenced_block_holds_its_lines_and_ends(lines: list[str]) -> None:
    """Whatever the lines are, once they are visible."""
    shown = [plain.visible(line) for line in lines]
    [block] = MarkdownIt("commonmark").parse(markdown.fenced(shown))
    assert (block.type, block.content) == ("fence", "\n".join(shown) + "\n" if "".join(shown) or shown[1:] else "\n")


@UNTIMED
@given(reports())
def test_no_text_becomes_markup_or_changes_a_fact(report: GradeReport) -> None:
    """Every table has its rows, every row its name and verdict, and the only markup is ours."""
    text = text_of(report)
    assert harmless(text.replace("&#8203;", ""))
    kinds, codes = read(text)
    assert set(kinds) <= OURS | {"inline", "fence"}
    shown = for_audience(report, report.audience).results
    groups = markdown.by_assignment(shown)
    assert kinds.count("tr") == 2 * (len(shown) + len(groups))
    titles = [plain.clipped(standing.title(result), 400).strip() or "-" for result in shown]
    assert [title for title in titles if title != "-" and title not in [shorn(code) for code in codes]] == []
    assert all(f"| {shown_verdict(result)} |" in text for result in shown)


def shorn(code: str) -> str:
    """A text without the spaces that keep addresses from becoming links."""
    return code.replace("@" + NO_SPACE, "@")
