"""Whatever the rule of an answer admits has the same arguments as what was answered, once a real shell has expanded both."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from coterie.agents.lasting import rules_of
from coterie.domain.permissions import Effect
from coterie.tools.command_line import line_effects
from coterie.tools.rules import Policy, RuleLayer, evaluate
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace

ROOT = Path("/project")
SHELLS = [shell for shell in ("/bin/sh", shutil.which("bash")) if shell is not None]
FILES = ("a", "b", "ab", "a b", "-", "*", "[a]", "~", "$X", "]", "!", "^", "a=~", "{a,b}", "a-b", "\\", "\u00e9")
PLAIN = [
    "a",
    "b",
    "ab",
    "-",
    "!",
    "^",
    "/",
    ":",
    "=",
    ",",
    "]",
    "}",
    "{",
    "+",
    "#",
    "%",
    "root",
    "\u00e9",
    "\u00a0",
    " ",
    "\n",
    "'",
    "\\",
    "",
]
LIVE = ["*", "?", "[", "[a", "[!a", "~", "~root", "$", "$X", "${X}", "$E", "$@", "$1", "$?", "`echo a`", "$(echo 'a  b')", "[[:alpha:]]"]
STYLES = ["bare", "single", "double", "escaped"]


def quoted(fragment: str, style: str) -> str:
    """Spell a fragment of a word."""
    match style:
        case "single":
            return f"'{fragment}'"
        case "double":
            return f'"{fragment}"'
        case "escaped":
            return "".join(f"\\{each}" for each in fragment)
        case _:
            return fragment


FRAGMENTS = st.lists(st.tuples(st.one_of(st.sampled_from(PLAIN), st.sampled_from(LIVE)), *[st.sampled_from(STYLES)] * 2), max_size=6)
PAIRS = FRAGMENTS.map(lambda drawn: tuple("".join(quoted(each[0], each[way]) for each in drawn) for way in (1, 2)))


def effects_of(line: str) -> tuple[Effect, ...]:
    return line_effects(line, Place(workspace=FakeWorkspace(ROOT)), ROOT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files that wildcards match, and some that look like what is to be expanded."""
    folder = tmp_path_factory.mktemp("expanding")
    for name in FILES:
        (folder / name).touch()
    return folder


def arguments(shell: str, line: str, folder: Path) -> bytes:
    """Return what the words of a line come to."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/home/me", "X": "a  b*", "E": "", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([shell, "-c", line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.stdout


@example(("'*'", "*"))
@example(("*", "'*'"))
@example(("a'*'", "'a'*"))
@example(("[a'-'b]", "[a-b]"))
@example(("[a-b]", "[a'-b']"))
@example(("'$X'", "$X"))
@example(('"$X"', "$X"))
@example(('"$X"a', '"$Xa"'))
@example(("\\$X", '"$X"'))
@example(("$X''", "$X"))
@example(("''$E", "$E"))
@example(('"$@"', '"$@"""'))
@example(("~''", "~"))
@example(("a=~", "a='~'"))
@example(("~'root'", "~root"))
@example(("'{a,b}'", "{a,b}"))
@example(("'a'{a,b}", "'a{a,b}'"))
@example(("$X-b]", "$X'-b]'"))
@example(("'$X'", '"$\\\nX"'))
@example(("'$(echo a)'", '"$\\\n(echo a)"'))
@example(("$X'a'", "$X\\\na"))
@example(("\"$(echo 'a  b')\"", "$(echo 'a  b')"))
@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PAIRS)
def test_what_a_rule_admits_has_the_arguments_of_what_was_answered(folder: Path, pair: tuple[str, str]) -> None:
    asked, other = (f"printf '%s\\0' {words}" for words in pair)
    effects = effects_of(asked)
    if any(effect.argv is None for effect in effects):
        return
    rules = rules_of(effects)
    assert rules or asked[-1].isspace(), "what can be read gets a rule; only of blanks at its end none is sure"
    if not rules or asked == other or "$$" in asked + other:  # the number of its process is another for each shell
        return
    policy = Policy(layers=(RuleLayer.of("this run", allow=rules),), roots=(str(ROOT),))
    assert evaluate(effects_of(asked), policy).verdict == "allow", "what was asked for is admitted"
    if evaluate(effects_of(other), policy).verdict != "allow":
        event("not admitted")
        return
    event("admitted")
    for shell in SHELLS:
        assert arguments(shell, asked, folder) == arguments(shell, other, folder), rules


@pytest.mark.parametrize(
    "line", ["find . -name '*.py'", "grep 'a*' file", "grep \"$X\" 'b$'", "sed -n '1,$p' [a-z]*.py", "awk '{print $1}' x"]
)
def test_what_is_common_gets_a_rule(line: str) -> None:
    assert rules_of(effects_of(line)) == (f"exec({line.replace('[a-z]*', '[[]a-z][*]')})",)


@pytest.mark.parametrize("line", ["grep \\'* x", 'grep *"\'" x', "echo $X\\'", 'echo "\'""$X"', "echo \\'a\\'[b]", "echo \\'\\'* ''"])
def test_quotes_beside_what_the_shell_expands_are_spelled_as_they_are_read(line: str) -> None:
    [effect] = effects_of(line)
    assert effects_of(effect.target) == (effect,)
    assert rules_of([effect]) == (effect.rule,)
