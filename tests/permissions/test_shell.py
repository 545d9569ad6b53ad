"""Shell lines: what is read of them, and that a real shell never runs more than what was allowed."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coterie.domain.permissions import Effect
from coterie.tools.command_line import line_effects
from coterie.tools.rules import Policy, RuleLayer, evaluate
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace


def effects_of(line: str, root: Path = Path("/project")) -> tuple[Effect, ...]:
    return line_effects(line, Place(workspace=FakeWorkspace(root)), root)


def told(line: str) -> list[str]:
    """Return the effects of ``line``, spelled as rules; what cannot be read as ``?``."""
    return ["?" if effect.kind == "exec" and effect.argv is None else effect.rule for effect in effects_of(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("touch made", ["exec(touch made)"]),
        ("a && b || c; d | e & f\ng", [f"exec({name})" for name in "abcdefg"]),
        ("(a; b) && { c; } && ! d", [f"exec({name})" for name in "abcd"]),
        ("echo 'a b' \"c d\" e\\ f", ["exec(echo 'a b' 'c d' 'e f')"]),
        ("echo a # && rm b", ["exec(echo a)"]),
        ("echo a#b", ["exec(echo 'a#b')"]),
        ("a \\\n b", ["exec(a b)"]),
        ("a b\\\nc 2\\\n >x", ["exec(a bc 2)", "write(x)"]),
        ("a 2\\\n>x", ["?"]),
        ("a 1\\\n2>x", ["?"]),
        ("a $\\\nX", ["?"]),
        ("a $X\\\nY", ["?"]),
        ("a \\$\\\n$X\\\\\nb", ["exec(a '$'$X'\\')", "exec(b)"]),
        ("a > out 2>&1 < in", ["exec(a)", "read(in)", "write(out)"]),
        ("a >> sub/../out 2>/dev/null", ["exec(a)", "write(out)"]),
        ("a > /etc/passwd", ["exec(a)", "write(/etc/passwd)"]),
        ("a > .git/config", ["exec(a)", "write(.git/config)"]),
        ('echo $(b $(c)) `d` "$(e)"', ["exec(c)", "exec(b $(c))", "exec(d)", "exec(e)", 'exec(echo $(b $(c)) `d` "$(e)")']),
        ("timeout -k 1 5 nice -n 5 env a b", ["exec(a b)"]),
        ("sudo -u root rm x", ["exec(sudo -u root rm x)", "exec(rm x)"]),
        ("a | xargs -n 1 rm -f", ["exec(a)", "exec(xargs -n 1 rm -f)", "exec(rm -f)"]),
        ("find . -name x -exec rm {} \\;", ["exec(find . -name x -exec rm '{}' ';')", "exec(rm '{}')"]),
        ("bash -c 'a && b > c'", ["exec(a)", "exec(b)", "write(c)"]),
        ("bash -lc 'a'", ["exec(bash -lc a)", "exec(a)"]),
        ("bash script.sh", ["exec(bash script.sh)"]),
        ("./timeout 5 a", ["exec(./timeout 5 a)", "exec(a)"]),
        ("python3 - <<'E'\nimport os\nE", ["exec(python3 -)", "?"]),
        ("FOO=1 a", ["exec(FOO=1 a)", "?"]),
        ("env FOO=1 a", ["?"]),
        ("env -S 'a b'", ["?"]),
        ("$X a", ["exec($X a)", "?"]),
        ("timeout $X a", ["?"]),
        ('sh -c "$X"', ["?"]),
        ("a <(b)", ["?"]),
        ("for f in x; do rm $f; done", ["exec(for f in x)", "?"]),
        ("f() { rm x; }; f", ["?"]),
        ("echo {a,b}", ["?"]),
        ("echo 'a'{b,c}", ["?"]),
        ("echo ''$X", ["?"]),
        ("echo ~''/x", ["?"]),
        ("echo ''a \"\"", ["exec(echo a '')"]),
        ("rm *.py ~ '*' \"$X y\" $X", ["exec(rm [*].py ~ '*' \"$X\"' y' $X)"]),
        ("a 'b", ["?"]),
        ("cd /; echo x > etc/passwd", ["exec(cd /)", "?"]),
        ("cd / && sh -c 'echo x > etc/passwd'", ["exec(cd /)", "exec(echo x)", "write(etc/passwd)", "?"]),
        ("a > $X", ["?"]),
        ("", ["?"]),
    ],
)
def test_effects_of_a_line(line: str, expected: list[str]) -> None:
    assert told(line) == expected


ONLY_PYTEST = Policy(layers=(RuleLayer.of("test", allow=["exec(pytest *)"]),), roots=("/project",))


@pytest.mark.parametrize(
    "line",
    [
        "pytest; rm x",
        "pytest && rm x",
        "pytest | tee x",
        "pytest & rm x",
        "pytest\nrm x",
        "pytest $(rm x)",
        "pytest `rm x`",
        'pytest "$(rm x)"',
        "pytest <(rm x)",
        "pytest > ~/.bashrc",
        "pytest > .git/hooks/pre-commit",
        "pytest &> /etc/x",
        "FOO=bar pytest",
        "LD_PRELOAD=./x.so pytest",
        "env LD_PRELOAD=./x.so pytest",
        "sudo pytest",
        "xargs pytest",
        "pytest() { rm x; }; pytest",
        "alias pytest=rm; pytest x",
        "bash -c 'pytest; rm x'",
        "timeout 5 rm pytest",
        "pytest ${x:-$(rm x)}",
        "pytest $((`rm x`))",
        "pytest <<E\n$(rm x)\nE",
        "'pytest; rm x'",
        "pytest\\\n;rm x",
        'pytest "$\\\n(rm x)"',
        "pytest $\\\n{X}",
        "{ pytest; rm x; }",
        "! rm pytest",
    ],
)
def test_a_rule_for_pytest_admits_nothing_else(line: str) -> None:
    assert evaluate(effects_of(line), ONLY_PYTEST).verdict == "ask"


@pytest.mark.parametrize(
    "line",
    ["pytest", "pytest -q 'a b'", "pytest && pytest -x", "timeout 60 pytest", "pytest 2>&1", "pytest > out.txt", "bash -c 'pytest -q'"],
)
def test_a_rule_for_pytest_admits_pytest(line: str) -> None:
    assert evaluate(effects_of(line), ONLY_PYTEST).verdict == "allow"


@pytest.mark.parametrize(
    "line", ["sudo rm x", "timeout 5 rm x", "a; rm x", "sh -c 'rm x'", "echo $(rm x)", "for f in x; do a; done; rm x", "/bin/rm x"]
)
def test_a_deny_rule_holds_wherever_the_command_hides(line: str) -> None:
    rules = Policy(layers=(RuleLayer.of("test", allow=["exec(*)"], deny=["exec(rm *)"]),))
    assert evaluate(effects_of(line), rules).verdict != "allow"


NAMES = ["pytest", "other", "other;", "env", "timeout", "5", "exec", "command", "sh", "-c", "-q", "made", "X=", "if", "then", "fi"]
SYNTAX = ["&&", "||", "$(", "$((", "${", "$X", "{}", "2>&1", ">>", ">&", ">|", "<<E", "\nE\n", "\\\n", "..", "./"]
PIECES = st.one_of(st.sampled_from(NAMES), st.sampled_from(SYNTAX), st.sampled_from(";&|<>(){}!'\"\\`$#=*?~,/\t\n\r\v\u00a0"), st.just(" "))


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is all of PATH: each program in it, called by whatever name, notes that it ran."""
    folder = tmp_path_factory.mktemp("stubs")
    for name in ("pytest", "other", "5"):
        (folder / name).write_text(f'#!/bin/sh\necho {name} >> "$NOTES"\n')
        (folder / name).chmod(0o755)
    for name in ("env", "timeout", "sh"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return folder


@example("pytest `other`")
@example("pytest $(other)")
@example('pytest "`other`"')
@example('pytest "$(other)"')
@example("pytest\n\nother")
@example('pytest "$\\\n(other)"')
@example('pytest "$\\\n\\\n(other)"')
@example('pytest "$(\\\n(`other`))"')
@example("pytest 2>made;other")
@example("pytest >&made")
@example("pytest -q#;other")
@example("pytest \\\\\nother")
@example('pytest "\\`other\\`"')
@example("pytest '\\';other")
@example("pytest $'\\'';other")
@example("sh -c 'pytest # ' ; other")
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=10).map(lambda pieces: "pytest" + "".join(pieces)))
def test_a_real_shell_runs_only_what_was_allowed(stubs: Path, line: str) -> None:
    with TemporaryDirectory() as folder:
        root = Path(os.path.realpath(folder)) / "project"
        root.mkdir()
        effects = effects_of(line, root)
        if evaluate(effects, ONLY_PYTEST).verdict != "allow":
            return
        notes = Path(folder, "notes")
        environment = {"PATH": str(stubs), "NOTES": str(notes), "HOME": folder}
        subprocess.run(
            ["/bin/sh", "-c", line], cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
        ran = set(notes.read_text().split()) if notes.exists() else set()
        assert ran <= {"pytest"}, "something ran that no rule allows"
        written = {path.relative_to(root).as_posix() for path in root.rglob("*")}
        assert written <= {effect.target for effect in effects if effect.kind == "write"}, "something was written that was not declared"
