"""Whose mistake it is: the instructor's, the student's, or ours.

Nothing is imported here, so that every other room may import this one. A message says what happened and where; `hint`
says how to mend it, and is shown apart.
"""


class GraderError(Exception):
    """Whatever the grader raises on purpose. `hint` is the mend, one sentence, or empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return self.message


class SpecError(GraderError):
    """The instructor's to mend: an assignment that cannot be graded as it stands (exit code 4).

    The message begins with the place: `file:line:column: ` where it is known.
    """


class UsageError(GraderError):
    """The command line asks for something that cannot be (exit code 4)."""


class NothingToGrade(GraderError):
    """The command was right, and there is no submission below what it names (exit code 5)."""


class SubmissionError(GraderError):
    """The student's to mend: becomes a verdict, never ends the batch."""


class InfrastructureError(GraderError):
    """Ours: a judgement could not be made (verdict `grader-error`); retried once, never a zero."""
