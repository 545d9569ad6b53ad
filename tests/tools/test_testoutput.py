"""Which tests failed, read from what real runners print; and which command a project's files name."""

import subprocess
import sys
from pathlib import Path

import pytest

from coterie.tools.discovery import discover_tests, with_paths
from coterie.tools.testoutput import failures


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(
            "FAILED tests/test_a.py::test_one - assert 1 == 2\n"
            "FAILED tests/test_a.py::TestB::test_two[a - b]\nERROR tests/test_c.py - boom\n",
            ("tests/test_a.py::test_one", "tests/test_a.py::TestB::test_two[a - b]", "tests/test_c.py"),
            id="pytest",
        ),
        pytest.param(
            "tests/t.py::test_x \x1b[31mFAILED\x1b[0m   [ 50%]\nFAILED tests/t.py::test_x - e\n", ("tests/t.py::test_x",), id="once"
        ),
        pytest.param("=====\nFAIL: test_add (test_calc.TestCalc.test_add)\n", ("test_calc.TestCalc.test_add",), id="unittest"),
        pytest.param("    --- FAIL: TestSum/empty (0.00s)\nFAIL\n", ("TestSum/empty",), id="go"),
        pytest.param("test tests::adds ... FAILED\ntest tests::subs ... ok\n", ("tests::adds",), id="cargo"),
        pytest.param("  \u25cf calc \u203a adds numbers\n\n    expect(received)\n", ("calc \u203a adds numbers",), id="jest"),
        pytest.param("not ok 2 - adds numbers\nok 3 - subtracts\n", ("adds numbers",), id="tap"),
        pytest.param("make: *** [test] Error 2\n", (), id="unknown"),
    ],
)
def test_failures(output: str, expected: tuple[str, ...]) -> None:
    assert failures(output) == expected


def test_failures_of_a_real_run(tmp_path: Path) -> None:
    (tmp_path / "test_real.py").write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2, 'a - b'\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert failures(run.stdout) == ("test_real.py::test_bad",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tests/test_a.py": "def test(): pass"}, "python3 -m pytest"),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, "python3 -m pytest"),
        ({"test_a.py": "import unittest"}, "python3 -m unittest discover"),
        ({"test_a.py": "import unittest", ".venv/bin/pytest": ""}, "python3 -m pytest"),
        ({"Cargo.toml": "", "Makefile": "test:\n\tcargo test"}, "cargo test"),
        ({"go.mod": ""}, "go test ./..."),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, "npm test"),
        ({"package.json": '{"scripts": {"test": "jest"}}', "yarn.lock": ""}, "yarn test"),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, None),
        ({"package.json": "{"}, None),
        ({"Makefile": "all:\n\ntest: all\n\t./check\n"}, "make test"),
        ({"Makefile": "test := 1\n"}, None),
        ({"README.md": ""}, None),
    ],
)
def test_discovery(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert discover_tests(tmp_path) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python3 -m pytest", "python3 -m pytest a/b 'c d'"),
        ("npm test", "npm test -- a/b 'c d'"),
        ("go test ./...", "go test ./a/b './c d'"),
    ],
)
def test_paths_go_to_the_runner_in_its_own_way(command: str, expected: str) -> None:
    assert with_paths(command, ["a/b", "c d"]) == expected
