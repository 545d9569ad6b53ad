"""A document whose editor does not say its language has the one of its name."""

import pytest

from coterie.workspace.documents import Documents
from coterie.workspace.languages import language_by_name, usual_ending


@pytest.mark.parametrize(
    ("uri", "language"),
    [
        ("file:///w/a.py", "python"),
        ("file:///w/a%20b.TSX", "typescriptreact"),
        ("file:///w/Makefile", "makefile"),
        ("file:///w.py/notes", ""),
        ("file:///w/py", ""),
        ("file:///w/a.unheard", ""),
        ("untitled:Untitled-1", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_name(uri: str, language: str) -> None:
    assert language_by_name(uri) == language


@pytest.mark.parametrize(
    ("language", "ending"),
    [
        ("python", ".py"),
        ("typescriptreact", ".tsx"),
        ("shellscript", ".sh"),
        ("yaml", ".yaml"),
        ("elixir", ".ex"),
        ("makefile", None),
        ("plaintext", None),
        ("unheard", None),
        ("", None),
    ],
)
def test_the_usual_ending_of_a_language(language: str, ending: str | None) -> None:
    assert usual_ending(language) == ending
    assert ending is None or language_by_name(f"file:///w/a{ending}") == language


@pytest.mark.parametrize(("said", "language"), [("", "python"), ("starlark", "starlark")])
def test_what_the_editor_says_counts(said: str, language: str) -> None:
    documents = Documents()
    documents.did_open("file:///w/a.py", 0, "x", said)
    assert (buffer := documents.get("file:///w/a.py")) is not None
    assert buffer.language == language


def test_a_change_without_a_version_is_the_next_one() -> None:
    documents = Documents()
    documents.did_open("file:///w/a.py", 3, "x", "python")
    documents.did_change("file:///w/a.py", None, "y")
    assert (buffer := documents.get("file:///w/a.py")) is not None
    assert (buffer.version, buffer.text) == (4, "y")
