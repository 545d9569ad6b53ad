"""``coterie predict``: JSON in, JSON out, a line for each line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from coterie.cli import exits
from coterie.cli.main import main
from wiring_fake import ScriptedWiring

MODULE = "from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(8):
        (tmp_path / f"part{number}.py").write_text(MODULE)
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "ignored").mkdir()
    (tmp_path / "ignored" / "x.py").write_text("nobody_knows = this_word\n")
    return tmp_path


def answers(project: Path, *lines: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Ask, and return what came back, line by line."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    assert main(["predict", str(project)], ScriptedWiring()) == exits.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def question(prefix: str, *, path: str = "new.py", suffix: str = "\n") -> str:
    return json.dumps({"path": path, "prefix": prefix, "suffix": suffix})


def test_each_line_is_answered_in_its_order(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (question(MODULE.partition("logging.g")[0]), question("nobody_knows = "), question("x", path="notes.unknown"))
    known, unknown, other = answers(project, *lines, monkeypatch=monkeypatch, capsys=capsys)
    assert known["text"] == "logging.getLogger(__name__)"
    assert 0.5 < known["score"] <= 1
    assert unknown["text"] is None
    assert other == {"text": None, "score": 0.0}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "{",
        "[]",
        '{"path": "a\\u0000", "prefix": "", "suffix": ""}',
        '{"path": "", "prefix": "", "suffix": ""}',
        '{"path": "a.py", "prefix": "x"}',
        '{"path": "a.py", "prefix": 3, "suffix": ""}',
        '{"path": "a.py", "prefix": ["',
    ],
)
def test_a_line_that_is_no_question_gets_an_error_and_the_next_is_read(
    wrong: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error, answer = answers(project, wrong, question("x = "), monkeypatch=monkeypatch, capsys=capsys)
    assert error["error"]["code"] == "invalid_params"
    assert error["error"]["message"]
    assert set(answer) == {"text", "score"}


@pytest.mark.parametrize(
    "below",
    [
        "    indented = 1\n",
        "\tindented = 1\n",
        "at_the_edge = 1\n",
        "# said\n",
        "@property\n",
        " * said\n",
        "}\n\nfunc main() {\n",
        ")\n",
        "];\n",
        '"""\n',
        "{\n",
        "{",
    ],
)
def test_a_line_end_that_was_lost_behind_the_cursor_is_there(
    below: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever takes a file for lines, and joins those behind the cursor's, has no end of the cursor's own."""
    begun = MODULE.partition("logging.g")[0]
    lines = (question(begun, suffix=f"\n{below}"), question(begun, suffix=below))
    whole, lost = answers(project, *lines, monkeypatch=monkeypatch, capsys=capsys)
    assert whole["text"] == "logging.getLogger(__name__)"
    assert lost == whole


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("getLogger(|)\n", "__name__"),
        ("getLogger(|)\n}\n", "__name__"),
        ("getLogger(|]\n", "__name__)"),
        ("getLog|ger(__name__)\n", None),
        ("get| + 1\n", None),
        ("get|{1}\n", None),
    ],
)
def test_what_can_be_the_rest_of_the_line_is_that(
    marked: str, text: str | None, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, _, behind = marked.partition("|")
    prefix = MODULE.partition("getLogger")[0] + begun
    [answer] = answers(project, question(prefix, suffix=behind), monkeypatch=monkeypatch, capsys=capsys)
    assert answer["text"] == text


@pytest.mark.parametrize("path", ["part0.py", "./part0.py", "sub/../part0.py", "{project}/part0.py", "link.py", "{project.name}/part0.py"])
def test_the_file_on_disk_is_not_used_however_it_is_named(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = question(MODULE.partition("logging.g")[0], path=path.format(project=tmp_path))
    monkeypatch.chdir(tmp_path.parent)
    (tmp_path / "link.py").symlink_to(tmp_path / "part0.py")
    (tmp_path / "sub").mkdir()
    seen = []
    for content in (MODULE, "unlike = it\n"):
        (tmp_path / "part0.py").write_text(content)
        seen += answers(
            tmp_path, asked, question(MODULE.partition("logging.g")[0], path="part1.py"), monkeypatch=monkeypatch, capsys=capsys
        )
    with_it, other_with_it, without_it, other_without_it = seen
    assert with_it == without_it
    assert other_with_it != other_without_it, "another file's question sees it"


@pytest.mark.parametrize(
    "path", ["alone.py", "Deep/ALONE.py", "deep\\alone.py", "/nowhere/deep/alone.py", "file://{project}/deep/alone.py"]
)
def test_a_file_is_known_by_its_text_where_its_path_leads_nowhere(
    path: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "deep").mkdir()
    (project / "deep" / "alone.py").write_text("import unheard\n\nunheard.of_function(with_arguments)\n")
    lines = [question("import unheard\n\nunheard.of_", path=each) for each in (path.format(project=project), "deep/alone.py", "new.py")]
    meant, named, new = answers(project, *lines, monkeypatch=monkeypatch, capsys=capsys)
    assert meant == named != new


@pytest.mark.parametrize("half", [0xD83D, 0xDE00])
def test_half_a_character_is_no_error(
    half: int, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever cuts a text by UTF-16 units cuts characters in two."""
    begun = MODULE.partition("logging.g")[0]
    lines = (question(f"# {chr(half)}\n{begun}"), question(begun, suffix=f"{chr(half)}\n"), question(begun, path=f"{chr(half)}.py"))
    for answer in answers(project, *lines, monkeypatch=monkeypatch, capsys=capsys):
        assert set(answer) == {"text", "score"}


def test_a_mark_of_the_encoding_is_no_error(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + question("x = ").encode())))
    assert main(["predict", str(project)], ScriptedWiring()) == exits.OK
    assert set(json.loads(capsys.readouterr().out)) == {"text", "score"}


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("command", [("predict",), ("index", "rank")])
def test_a_stream_that_is_closed_from_the_start_is_an_empty_one(
    closed: str, command: tuple[str, ...], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COTERIE_HOME", str(project / "ignored"))
    monkeypatch.setattr("sys.stdin", io.StringIO(question("x = ")))
    monkeypatch.setattr(f"sys.{closed}", None)
    assert main([*command, str(project)], ScriptedWiring()) == exits.OK
