"""The table of what providers can do: a claim without a test, or a test without a claim, stops `make check`."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import generate_providers  # noqa: PLC0415 - scripts are run by path and not on it

    return generate_providers


def test_the_table_is_fresh_and_every_claim_is_proven() -> None:
    check = subprocess.run([sys.executable, SCRIPTS / "generate_providers.py", "--check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr


def test_a_claim_without_a_test_and_a_test_without_a_claim_are_faults(generator: ModuleType) -> None:
    proven = {("ollama", "install"): [(Path("a.py"), "test_one")], ("ollama", "sees"): [(Path("a.py"), "test_two")]}
    claimed = {("ollama", "install"), ("replay", "tools")}
    assert generator.faults(claimed, proven) == [
        "no test proves `tools` of `replay`",
        "test_two proves `sees` of `ollama`, which nobody claims",
    ]


def test_marks_are_read_from_the_source(generator: ModuleType) -> None:
    source = '@pytest.mark.proves(("a", "b"), "tools", "fim")\n@pytest.mark.other("c")\nasync def test_it(): ...\n'
    (test,) = ast.parse(source).body
    assert list(generator.marks_of(test)) == [("a", "tools"), ("a", "fim"), ("b", "tools"), ("b", "fim")]
    (computed,) = ast.parse("@pytest.mark.proves(kind, 'tools')\ndef test_it(): ...\n").body
    with pytest.raises(ValueError, match="malformed"):
        list(generator.marks_of(computed))
