"""One file per report: each turns a `GradeReport` into text, and neither judges nor opens files.

Every `render(report)` yields text with its line ends, to be written as it comes (`file.writelines`), and shows what
`report.audience` may see, whoever calls it. Gradebooks are different: `merge` gives back the file that an LMS exported,
with marks filled in.
"""
