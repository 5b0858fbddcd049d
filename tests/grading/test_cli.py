"""The command: exit codes, gravest first; what is written where; and what students do not get to see."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from grader import arguments, cli, progress, publish
from grader.errors import UsageError
from grader.model import Audience, GradeReport, SandboxReport, Verdict
from grading.conftest import FIXTURES

if TYPE_CHECKING:
    from grading.conftest import Assignments, Command

SCHEMA = json.loads((Path(arguments.__file__).parent / "report.schema.json").read_text())


@pytest.fixture
def wordcount(assignments: Assignments) -> Path:
    """The folder of a word count with one right submission."""
    return with_students(assignments, "plain")


def with_students(assignments: Assignments, *names: str, **changes: Any) -> Path:
    """A word count whose students handed in these fixtures, and are named after them."""
    folder = assignments.wordcount(**changes).folder
    for name in names:
        (folder / "submissions" / name).mkdir(parents=True)
        shutil.copy(FIXTURES / "wordcount" / f"{name}.py", folder / "submissions" / name / "wordcount.py")
    return folder


def report(path: Path) -> Any:
    """A JSON report, as its schema wants it."""
    read = json.loads(path.read_text())
    jsonschema.validate(read, SCHEMA)
    return read


# ---- exit codes ------------------------------------------------------------------------------------------------------


def test_zero_when_graded_whatever_the_marks(assignments: Assignments, command: Command) -> None:
    """A wrong answer is no failure of the command's."""
    done = command(with_students(assignments, "plain", "other_problem"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 submissions: 1 accepted, 1 wrong-answer" in done.stdout


@pytest.mark.parametrize(("percent", "code"), [("70", 0), ("70%", 0), ("70.1", 1), ("100", 1), ("0", 0)])
def test_one_when_a_submission_scores_less_than_asked(
    percent: str, code: int, assignments: Assignments, command: Command
) -> None:
    """Here it has 7 of 10 points, because its leak costs 30 %."""
    folder = with_students(assignments, "mapper_to_mapper", checks={"isolation": 0.3}, runs={"workers": [2]})
    assert command(folder, "--fail-under", percent).returncode == code


def test_missing_work_scores_less_than_anything(assignments: Assignments, command: Command, tmp_path: Path) -> None:
    """A student who handed in nothing has none of the points."""
    folder = assignments.wordcount().folder
    (tmp_path / "class" / "ada").mkdir(parents=True)
    done = command(folder, "--submissions", tmp_path / "class", "--fail-under", "1")
    assert (done.returncode, "1 submission: 1 missing" in done.stdout) == (1, True)


def test_three_when_something_could_not_be_judged(assignments: Assignments, command: Command) -> None:
    """That goes before --fail-under, and the report is written all the same."""
    folder = with_students(assignments, "plain", "other_problem")
    # Golden files that are no JSON stop the comparison, whatever the submission.
    (folder / "expected" / "diary.json").write_text("no JSON\n")
    done = command(folder, "--fail-under", "100", "--json", "r.json")
    assert done.returncode == 3
    results = report(command.folder / "r.json")["results"]
    assert {result["verdict"] for result in results} == {"grader-error"}
    assert {result["score"] for result in results} == {None}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ([], "the following arguments are required: PATH"),
        (["{wordcount}", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["{wordcount}", "--submissio", "x"], "unrecognized arguments: --submissio"),
        (["{wordcount}", "-n", "0"], "expected a whole number of at least 1, got '0'"),
        (["{wordcount}", "-n", "two"], "expected a whole number of at least 1, got 'two'"),
        (["{wordcount}", "--fail-under", "101"], "expected a number from 0 to 100, got '101'"),
        (["{wordcount}", "--fail-under", "nan"], "expected a number from 0 to 100, got 'nan'"),
        (["{wordcount}", "--require-sandbox", "4"], "expected a level from 0 to 3, got '4'"),
        (["{wordcount}", "--audience", "parents"], "invalid choice: 'parents'"),
        (["{wordcount}", "--submission", "a", "--submissions", "b"], "not allowed with argument"),
        (["{wordcount}", "--submission", "wordcuont.py"], "no such file or folder"),
        (["{wordcount}", "--submissions", "nobody"], "--submissions nobody: no such folder"),
        (["{wordcount}", "--json", "nowhere/r.json"], "nowhere/r.json cannot be written"),
        (["{wordcount}", "--json", "."], ". cannot be written"),
        (["elsewhere"], "elsewhere: no such file or folder"),
        (["release", "{wordcount}"], "the following arguments are required: OUT"),
        (["release", "elsewhere", "kit"], "elsewhere: no such file or folder"),
        (["release", "{wordcount}", "{wordcount}"], "is there already, and not empty"),
        (["examples"], "the following arguments are required: DIR"),
    ],
)
def test_four_for_a_slip_of_the_fingers(typed: list[str], message: str, wordcount: Path, command: Command) -> None:
    """Before anything is graded; it says what is wrong on stderr, and nothing on stdout."""
    done = command(*(part.format(wordcount=wordcount) for part in typed))
    assert (done.returncode, done.stdout) == (4, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_slip_is_told_first_and_help_is_only_pointed_at(command: Command) -> None:
    """A dozen lines of usage above it would hide it."""
    for typed, whose in ([["x", "--frob"], "pymapr-grade"], [["override", "a", "b", "x"], "pymapr-grade override"]):
        done = command(*typed)
        assert done.stderr.startswith(f"{whose}: error: "), done.stderr
        assert done.stderr.splitlines()[1:] == ["", f"hint: {whose} --help says what there is"]


def test_four_for_an_assignment_that_cannot_be_graded(wordcount: Path, command: Command) -> None:
    """With the place, and the mend apart."""
    (wordcount / "assignment.yaml").write_text("name: wordcount\nmodul: wordcount.py\n")
    done = command(wordcount)
    assert done.returncode == 4
    assert "assignment.yaml:2:1: " in done.stderr
    assert "\nhint: " in done.stderr or "did you mean" in done.stderr


def test_four_for_two_assignments_of_one_name(assignments: Assignments, wordcount: Path, command: Command) -> None:
    """Their results could not be told apart."""
    shutil.copytree(wordcount, assignments.folder / "copy")
    done = command(assignments.folder)
    assert done.returncode == 4
    assert "name: 'wordcount' is also the name of " in done.stderr
    assert "hint: each assignment needs its own name" in done.stderr


def test_four_where_student_code_would_be_kept_apart_too_little(wordcount: Path, command: Command) -> None:
    """And nothing of it is run; where the level is reached, it is graded."""
    level = json.loads(report_of(command, wordcount))["sandbox"]["level"]
    if level < 3:
        done = command(wordcount, "--require-sandbox", str(level + 1))
        assert (done.returncode, done.stdout) == (4, "")
        assert f"--require-sandbox {level + 1}: this machine reaches level {level}" in done.stderr
    assert command(wordcount, "--require-sandbox", str(level)).returncode == 0


def report_of(command: Command, *typed: str | Path) -> str:
    """The JSON report of a command, as text."""
    assert command(*typed, "--json", "of.json").returncode == 0
    return (command.folder / "of.json").read_text()


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        (["{empty}"], "no assignment.yaml below ", "an assignment is a folder with that file"),
        (["{bare}"], "there is no submission", "name one with --submission FILE (the reference will do), or"),
        (["{bare}", "--submission", "{file}"], "no assignment asks for a file of that name", "asked for: wordcount.py"),
        (["{bare}", "--submissions", "{empty}"], "nothing in it is any student's", "folders: ada/wordcount.py"),
    ],
)
def test_five_for_nothing_to_grade(
    typed: list[str], message: str, hint: str, assignments: Assignments, command: Command, tmp_path: Path
) -> None:
    """It says what would be something."""
    names = {"empty": tmp_path / "empty", "bare": assignments.wordcount().folder, "file": tmp_path / "notes.py"}
    names["empty"].mkdir()
    names["file"].touch()
    done = command(*(part.format(**names) for part in typed))
    assert (done.returncode, done.stdout) == (5, "")
    assert message in done.stderr
    assert hint in done.stderr


def test_five_where_all_is_withheld(assignments: Assignments, command: Command, tmp_path: Path) -> None:
    """Nothing judged is not accepted."""
    spec = assignments.write("secret", module="secret.py", datasets=[{"name": "all", "withheld": True}])
    (spec.folder / "secret.py").touch()
    done = command(spec.folder, "--submission", spec.folder / "secret.py")
    assert done.returncode == 5
    assert "secret: all its datasets are withheld" in done.stderr
    assert "students' kit" in done.stderr


def test_an_assignment_without_submissions_is_skipped_aloud(
    assignments: Assignments, wordcount: Path, command: Command
) -> None:
    """The others are graded."""
    assignments.join()
    done = command(assignments.folder, "--json", "r.json")
    assert (done.returncode, "skipped: join: no submission" in done.stdout) == (0, True)
    assert report(command.folder / "r.json")["skipped"] == ["join: no submission"]


# ---- whose work ------------------------------------------------------------------------------------------------------


def test_one_file_is_graded_for_the_assignment_that_asks_for_it(
    assignments: Assignments, command: Command, tmp_path: Path
) -> None:
    """Of several assignments; a broken file beside it does no harm."""
    assignments.wordcount()
    assignments.join()
    shutil.copy(FIXTURES / "wordcount" / "plain.py", tmp_path / "wordcount.py")
    (tmp_path / "broken.py").write_text("def (")
    done = command(assignments.folder, "--submission", "wordcount.py", "--json", "r.json")
    assert done.returncode == 0
    [result] = report(command.folder / "r.json")["results"]
    assert (result["assignment"], result["verdict"], result["score"]) == ("wordcount", "accepted", 10)


def test_a_class_is_graded_on_every_assignment(assignments: Assignments, command: Command, tmp_path: Path) -> None:
    """An empty folder is a student who handed in nothing; an assignment's own samples are left alone."""
    with_students(assignments, "raises")
    assignments.join()
    (tmp_path / "class" / "blaise").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "join").mkdir(parents=True)
    shutil.copy(FIXTURES / "join" / "tells_apart.py", tmp_path / "class" / "ada" / "join" / "join.py")
    done = command(assignments.folder, "--submissions", "class", "--json", "r.json")
    assert done.returncode == 0
    results = report(command.folder / "r.json")["results"]
    assert [(one["assignment"], one["submission"], one["verdict"]) for one in results] == [
        ("join", "ada", "accepted"),
        ("join", "blaise", "missing"),
        ("wordcount", "ada", "missing"),
        ("wordcount", "blaise", "missing"),
    ]


# ---- reports ---------------------------------------------------------------------------------------------------------


def test_the_json_report_is_complete(assignments: Assignments, command: Command) -> None:
    """As its schema says; with points, evidence and the runs' times."""
    command(with_students(assignments, "plain", "mapper_to_reducer"), "--json", "r.json")
    read = report(command.folder / "r.json")
    assert (read["version"], read["audience"], read["skipped"]) == (1, "instructor", [])
    leak, plain = read["results"]
    assert (plain["verdict"], plain["score"], plain["max_score"]) == ("accepted", 10, 10)
    assert {run["engine"] for run in plain["datasets"][0]["runs"]} == {"serial", "parallel"}
    [books, _] = leak["datasets"]
    assert books["verdict"] == "not-parallel-safe"
    assert all(books[key] for key in ("message", "hint", "reproduce"))
    assert [path.name for path in command.folder.glob("*r.json*")] == ["r.json"]


def test_a_report_replaces_the_last_one_whole(wordcount: Path, command: Command) -> None:
    """Who reads the file sees one or the other."""
    (command.folder / "r.json").write_text("old" * 100_000)
    command(wordcount, "--json", "r.json")
    report(command.folder / "r.json")


def test_a_report_that_cannot_be_written_keeps_no_other_from_being_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its folder may go away while a class is graded: the marks are on the screen at least."""
    sandbox = SandboxReport(level=3)
    nothing = GradeReport(pymapr="0", started="now", audience=Audience.INSTRUCTOR, sandbox=sandbox, results=())
    with pytest.raises(UsageError, match=r"gone/r\.json cannot be written: No such file or directory"):
        publish.publish(nothing, publish.Wanted(files={"json": tmp_path / "gone" / "r.json"}))
    assert "0 submissions" in capsys.readouterr().out


def test_a_fault_of_ours_is_one_line_that_says_where_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3, not 1: that would say that somebody scored too little."""

    def broken(_file: object) -> None:
        raise KeyError("a thing nobody thought of")

    monkeypatch.setattr(cli, "grade", broken)
    assert cli.main(["somewhere"]) == 3
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("pymapr-grade: error: KeyError at test_cli.py:")
    assert said[2] == "hint: this is a fault of pymapr; please report it, with what PYMAPR_DEBUG=1 adds to it"
    assert len(said) == 3


AT_NIGHT = "    total = 0\n    if key == 'night': {}\n"


def only_at_night(statement: str) -> str:
    """The plain program, but for what it does with a word of the hidden dataset."""
    text = (FIXTURES / "wordcount" / "plain.py").read_text()
    return text.replace("    total = 0\n", AT_NIGHT.format(statement))


@pytest.mark.parametrize(
    ("text", "secret", "verdict"),
    [
        pytest.param(only_at_night("print('seen', key)"), "seen night", "accepted", id="prints"),
        pytest.param(only_at_night("{}[key]"), "KeyError: 'night'", "failed", id="raises"),
        pytest.param(only_at_night("return"), '["night", 3]', "failed", id="answers otherwise"),
        pytest.param(only_at_night("mr.result"), "mr.result cannot be used", "failed", id="leaks"),
        pytest.param(only_at_night("list_of_values.remove(2)"), "diary.json", "failed", id="command"),
    ],
)
def test_students_see_of_hidden_data_whether_they_passed_and_nothing_more(
    text: str, secret: str, verdict: str, assignments: Assignments, command: Command
) -> None:
    """Neither on the screen, nor in the file, nor on stderr: no word of the data, no message, print, command, time."""
    folder = with_students(assignments)
    (folder / "submissions" / "ada").mkdir(parents=True)
    (folder / "submissions" / "ada" / "wordcount.py").write_text(text)
    assert secret in report_of(command, folder).replace('\\"', '"')
    done = command(folder, "--audience", "student", "--json", "r.json")
    [books, diary] = report(command.folder / "r.json")["results"][0]["datasets"]
    assert (books["verdict"], diary["verdict"]) == ("accepted", verdict)
    assert not any(diary.get(key) for key in ("message", "hint", "reproduce", "remarks", "difference", "runs"))
    shown = done.stdout + done.stderr + (command.folder / "r.json").read_text()
    said = [word for word in ("night", "monday", "diary.json", "KeyError", "mr.result", "seen") if word in shown]
    assert not said
    other = set(Verdict) - {Verdict.ACCEPTED, Verdict.MISSING}  # `missing` is a word of the reports' own
    assert not [each for each in other if each in shown]


@pytest.mark.parametrize(("audience", "told"), [("instructor", "wrong-answer"), ("student", "")])
def test_how_far_it_is_tells_students_no_verdict(
    audience: str,
    told: str,
    assignments: Assignments,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A log says every ten seconds (here: at once) how many judgements are made, hidden ones among them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main([str(with_students(assignments, "other_problem")), "--audience", audience]) == 0
    signal.signal(signal.SIGTERM, before)
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(rf"pymapr-grade: 2 of 2 judgements(, \S+ a second, 0 s left)?{told and f': 2 {told}'}", last)


def test_students_do_not_see_why_a_reference_fails(assignments: Assignments, command: Command) -> None:
    """The reason quotes the reference's own lines; the instructor gets it."""
    folder = assignments.folder / "wordcount"
    folder.mkdir(parents=True)
    (folder / "solution.py").write_text("def mapper(record):\n    secret_trick()\ndef reducer(k, v):\n    pass\n")
    (folder / "data.json").write_text('["hidden", "words"]\n')
    datasets = [{"name": "diary", "file": "data.json", "visibility": "hidden"}]
    assignments.write("wordcount", module="wordcount.py", reference="solution.py", datasets=datasets)
    (folder / "wordcount.py").touch()
    told = command(folder)
    assert (told.returncode, "secret_trick" in told.stderr) == (4, True)
    done = command(folder, "--audience", "student")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("pymapr-grade: error: an assignment cannot be graded as it stands\n")
    assert "hint: tell your instructor" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("overide", "override"), ("histroy", "history"), ("Release", "release"), ("example", "examples")],
)
def test_a_command_that_is_misspelled_is_proposed(typed: str, meant: str, command: Command) -> None:
    """Whatever options come behind it; what is there is graded."""
    done = command(typed, "cy", "lengths", "7", "--reason", "agreed")
    assert (done.returncode, done.stderr) == (
        4,
        f"pymapr-grade: error: {typed}: no such file or folder\n\nhint: did you mean the command {meant}?\n",
    )
    (command.folder / typed).mkdir()
    assert f"no assignment.yaml below {typed}" in command(typed).stderr


# ---- where it is shown -----------------------------------------------------------------------------------------------


def test_a_stream_that_knows_only_ascii_gets_the_report_all_the_same(wordcount: Path, command: Command) -> None:
    """What it cannot say is spelt out."""
    done = command(wordcount, PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C", LANG="C")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2713" in done.stdout or "accepted" in done.stdout
    assert done.stdout.isascii()


def test_names_that_are_no_text_are_spelt_out(assignments: Assignments, command: Command) -> None:
    """A folder's name may be any bytes."""
    folder = with_students(assignments, "plain")
    name = os.fsencode(folder / "submissions") + b"/ad\xe9"
    Path(os.fsdecode(folder / "submissions" / "plain")).rename(os.fsdecode(name))
    done = command(folder, "--json", "r.json")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert report(command.folder / "r.json")["results"][0]["submission"].startswith("ad\\udce9")


@pytest.mark.parametrize(("typed", "code"), [([], 0), (["--fail-under", "100"], 1)])
def test_who_has_read_enough_may_leave(typed: list[str], code: int, assignments: Assignments, command: Command) -> None:
    """As `| head -1` does: that changes neither the exit code nor the JSON report."""
    folder = with_students(assignments, "other_problem")
    running = subprocess.Popen(
        [sys.executable, "-m", "grader", str(folder), "--json", "r.json", *typed],
        cwd=command.folder,
        env=command.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.close()
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (code, "")
    report(command.folder / "r.json")


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_a_terminal_gets_colours_unless_it_wants_none(
    environment: dict[str, str], coloured: bool, wordcount: Path, command: Command
) -> None:
    """As no-color.org says: NO_COLOR counts when it is not empty."""
    ours, theirs = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "grader", str(wordcount)],
        cwd=command.folder,
        env={**command.environment, **environment},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 2**16):
            seen += chunk
    except OSError:  # the other end was closed: so Linux says that it is all
        pass
    os.close(ours)
    assert running.wait(60) == 0
    assert (b"\x1b[" in seen) == coloured


def test_a_command_s_name_goes_before_a_folder_s(assignments: Assignments, command: Command) -> None:
    """The folder is graded as ./release."""
    folder = with_students(assignments, "plain")
    folder.rename(command.folder / "release")
    assert command("release").returncode == 4
    assert command("./release").returncode == 0


def test_help_says_it_all(command: Command) -> None:
    """Every option, command and exit code."""
    done = command("--help")
    assert done.returncode == 0
    for word in (
        "--submissions", "--submission", "--json", "--audience", "--require-sandbox", "--fail-under", "-n N",
        "release PATH OUT", "examples DIR", "./release", "4 usage", "2 interrupted", "3 something", "5 nothing",
        "1 --fail-under",
    ):  # fmt: skip
        assert word in done.stdout
    assert "A folder" in done.stdout
    assert command("release", "--help").returncode == command("examples", "--help").returncode == 0
    assert command("--version").stdout.startswith("pymapr ")


# ---- the shipped assignments -----------------------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "assignments"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_shipped_samples_get_the_verdicts_that_are_declared(command: Command) -> None:
    """All of them, through the real command; no verdict is missing but our own failure."""
    from grader import spec as specs

    loaded = [specs.load(path) for path in specs.find([SHIPPED])]
    declared = {(spec.name, name): str(verdict) for spec in loaded for name, verdict in spec.samples.items()}
    done = subprocess.run(
        [sys.executable, "-m", "grader", str(SHIPPED), "--json", "all.json"],
        cwd=command.folder,
        env=command.environment,
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert done.returncode == 0, done.stderr
    results = report(command.folder / "all.json")["results"]
    assert {(one["assignment"], one["submission"]): one["verdict"] for one in results} == declared
    assert set(declared.values()) == {str(verdict) for verdict in Verdict} - {"grader-error"}
