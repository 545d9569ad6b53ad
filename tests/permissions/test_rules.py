"""The evaluator: what rules match, which of them counts, and what holds where there is none."""

from pathlib import Path
from typing import Literal

import pytest

from coterie.base.errors import SettingsError
from coterie.domain.permissions import Effect, Verdict
from coterie.tools.rules import (
    Policy,
    RuleLayer,
    command_effect,
    evaluate,
    named_effect,
    parse_rule,
    path_effect,
    rule_for,
    shell_effect,
    unclear_effect,
)
from coterie.tools.shell import read_line
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace


def shell(line: str) -> Effect:
    """Return the effect of the last command of a line."""
    return shell_effect(read_line(line).commands[-1])


def check_match(rule: str, effect: Effect, *, matches: bool) -> None:
    assert parse_rule(rule).matches(effect) is matches


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("**", "a.py", True),
        ("**", "/etc/passwd", True),
        ("*", "a/b.py", False),
        ("workspace/**", "a/b.py", True),
        ("workspace/**", "/etc/passwd", False),
        ("**/.env", ".env", True),
        ("**/.env", "deep/er/.env", True),
        ("**/.env", "/outside/.env", True),
        ("**/.env", "x.env", False),
        ("docs/**", "docs/a/b.md", True),
        ("docs/**", "docs2/a.md", False),
        ("docs/**", "/docs/a.md", False),
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("./src/?.py", "src/a.py", True),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[z-a].py", "b.py", False),
        ("[z-a].py", "[z-a].py", True),
        ("a[!]", "a[!]", True),
        ("[a--b].py", "[a--b].py", True),
        ("[+--].py", ",.py", True),
        ("[--.x].py", "..py", True),
        ("[x--a].py", "-.py", False),
        ("[!a--].py", "[!a--].py", True),
        ("[a-c-].py", "-.py", True),
        ("[a-c-x].py", "b.py", True),
        ("[a-c-x].py", "e.py", False),
        ("[[a&&b~~c||d-].py", "&.py", True),
        ("[[a&&b~~c||d-].py", "-.py", True),
        ("[^a].py", "^.py", True),
        ("/etc/**", "/etc/hosts", True),
    ],
)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_path_patterns(kind: Literal["read", "write"], pattern: str, path: str, *, matches: bool) -> None:
    check_match(f"{kind}({pattern})", path_effect(kind, path), matches=matches)


def test_a_pattern_may_name_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    check_match("read(~/notes/**)", path_effect("read", "/home/somebody/notes/a"), matches=True)


@pytest.mark.parametrize(
    ("pattern", "argv", "matches"),
    [
        ("pytest *", ["pytest"], True),
        ("pytest *", ["pytest", "-x", "a b"], True),
        ("pytest *", ["/usr/bin/pytest"], True),
        ("pytest *", ["pytest2"], False),
        ("pytest *", ["pytest\nrm"], False),
        ("pytest", ["pytest", "-x"], False),
        ("touch made", ["touch", "made"], True),
        ("touch made", ["touch", "made", "more"], False),
        ("touch 'a b'", ["touch", "a b"], True),
        ("touch 'a b'", ["touch", "a", "b"], False),
        ("rm -rf *", ["rm", "-rf"], True),
        ("rm -rf *", ["rm", "-r", "-f"], False),
        ("git push*", ["git", "push-all"], True),
        ("git push*", ["git", "push", "origin"], False),
        ("ls '*'", ["ls", "*"], True),
        ("ls '*'", ["ls", "a"], False),
        ("./run.sh *", ["./run.sh", "a"], True),
        ("./run.sh *", ["/tmp/run.sh", "a"], False),
        ("*", ["anything", "at", "all"], True),
        ("pytest *", ["python3", "-m", "pytest", "-q"], True),
        ("python3 -m pytest *", ["python3", "-m", "pytest", "-q"], True),
        ("pytest *", ["python3", "-c", "-m", "pytest"], False),
        ("pip *", ["python", "-m", "pip", "install", "x"], True),
    ],
)
def test_command_patterns(pattern: str, argv: list[str], *, matches: bool) -> None:
    check_match(f"exec({pattern})", command_effect(argv), matches=matches)


@pytest.mark.parametrize(
    ("rule", "admitted", "others"),
    [
        ("find . -name '*.py'", ["find . -name '*.py'", 'find . -name "*.py"', "find . -name \\*.py"], ["find . -name *.py"]),
        ("find . -name [*].py", ["find . -name *.py"], ["find . -name '*.py'", "find . -name a.py"]),
        ("find . -name *.py", ["find . -name '*.py'", "find . -name *.py", "find . -name a.py"], []),
        ("grep 'a*' *", ["grep 'a*' file", "grep 'a*' *", "grep 'a*'"], ["grep a* file"]),
        ("echo [+--][!+--]", ["echo ,."], ["echo .."]),
        ("rm ~/x", ["rm ~/x"], ["rm '~/x'", "rm \\~/x"]),
        ("rm '~/x'", ["rm '~/x'", "rm \\~/x"], ["rm ~/x"]),
        ("git show HEAD~1", ["git show HEAD~1", "git show 'HEAD~1'"], []),
        ("echo $X", ["echo $X"], ["echo '$X'", 'echo "$X"', "echo \\$X"]),
        ('echo "$X y"', ['echo "$X y"', "echo \"$X\"' y'"], ["echo '$X y'", "echo $X' y'"]),
        ("echo '$X'", ["echo '$X'", 'echo "\\$X"'], ["echo $X", 'echo "$X"']),
        ("echo [ab]", ["echo a", "echo 'b'"], ["echo '[ab]'"]),
        ("echo [[]ab]", ["echo [ab]"], ["echo '[ab]'", "echo a", "echo [a'b']"]),
        ("echo {a,b}", ["echo '{a,b}'"], []),
        ("echo 'a b'", ["echo 'a b'", "echo a\\ b"], []),
    ],
)
def test_what_a_rule_allows_is_quoted_as_in_the_rule_and_what_it_denies_may_be_quoted_anyhow(
    rule: str, admitted: list[str], others: list[str]
) -> None:
    parsed = parse_rule(f"exec({rule})")
    for line in admitted:
        assert parsed.admits(shell(line)), line
        assert evaluate([shell(line)], policy(allow=("exec(**)",), deny=(f"exec({rule})",))).verdict == "deny", line
    for line in others:
        assert not parsed.admits(shell(line)), line
        assert evaluate([shell(line)], policy(allow=(f"exec({rule})",))).verdict == "ask", line
    as_text = [line for line in others if shell(line).argv == shell(admitted[0]).argv]
    assert all(parsed.matches(shell(line)) for line in as_text), "a denial holds however it is quoted"


@pytest.mark.parametrize(
    ("rule", "end", "admitted"),
    [
        ("*a*a*b", "*'b'", False),
        ("*a*a*b", "*b", True),
        ("*a*?a*[a-c]*d", "*b'd'", False),
        ("*a*?a*[a-c]*d", "*bd", True),
        ("*aa*b*a*", "'b'a*", False),
        ("*aa*b*a*", "ba*", True),
    ],
)
def test_a_word_of_any_length_is_matched_in_one_go(rule: str, end: str, *, admitted: bool) -> None:
    line = f"echo {'a' * 100_000}{end}"
    assert parse_rule(f"exec(echo {rule})").admits(shell(line)) is admitted, "a word that is tried in every way hangs the server"


@pytest.mark.parametrize("path", ["a" * 256, "a/" * 2048 + "a", "x/" + "a" * 50_000])
def test_a_path_that_is_too_long_for_any_file_is_tried_on_no_rule(path: str) -> None:
    ruling = evaluate([path_effect("write", path)], policy(allow=("write(**/*a*a*b)", "write(**)"), ask=("write(**/*a*a*a*b)",)))
    assert (ruling.verdict, ruling.reason) == ("deny", "denied by a rule that cannot be changed: no file has so long a name")
    assert evaluate([path_effect("write", f"{'a' * 255}/{'b' * 255}")], policy()).verdict == "allow"


def test_other_patterns() -> None:
    check_match("net(*.example.org)", named_effect("net", "API.example.org"), matches=True)
    check_match("net(*.example.org)", named_effect("net", "example.org.evil"), matches=False)
    check_match("gate(plan)", named_effect("gate", "plan"), matches=True)
    check_match("mcp(docs.*)", named_effect("mcp", "docs.read"), matches=True)
    check_match("write(**)", path_effect("read", "a"), matches=False)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("pytest *", "not of the form"), ("run(pytest)", "unknown kind 'run'"), ("exec()", "no pattern"), ("exec(echo 'a)", "not closed")],
)
def test_a_rule_that_is_none_says_why(text: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong):
        parse_rule(text)


def policy(*, allow: tuple[str, ...] = (), ask: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> Policy:
    """Spread the rules over two layers, so that no order of layers can matter."""
    return Policy(
        layers=(RuleLayer.of("first", allow=allow, ask=ask), RuleLayer.of("second", deny=deny)),
        roots=("/home/me/project",),
        protected=("/home/me/.coterie", "/home/me/project/state"),
    )


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [
        (path_effect("read", "a.py"), "allow"),
        (path_effect("write", "a.py"), "allow"),
        (path_effect("read", ".env"), "ask"),
        (path_effect("read", "deploy/server.pem"), "ask"),
        (path_effect("read", "backup/.SSH/config"), "ask"),
        (path_effect("read", "ssh/config"), "allow"),
        (path_effect("write", "/etc/hosts"), "ask"),
        (path_effect("write", ".git/hooks/pre-commit"), "ask"),
        (path_effect("write", "sub/.vscode/tasks.json"), "ask"),
        (command_effect(["ls"]), "ask"),
        (unclear_effect("for f in *; do ls; done"), "ask"),
        (named_effect("net", "example.org"), "ask"),
        (named_effect("mcp", "docs.read"), "ask"),
        (named_effect("gate", "plan"), "ask"),
        (path_effect("read", "state/vault.db"), "deny"),
        (path_effect("read", "/home/me/.coterie/vault.db"), "deny"),
    ],
)
def test_where_no_rule_speaks(effect: Effect, verdict: Verdict) -> None:
    ruling = evaluate([effect], policy())
    assert ruling.verdict == verdict
    assert ruling.asking == ((effect,) if verdict == "ask" else ())


def test_what_is_stricter_counts_whatever_the_order() -> None:
    rules = {"allow": ("exec(*)", "read(**)", "write(**)"), "ask": ("exec(git *)",), "deny": ("exec(git push *)",)}
    for effect, verdict in (
        (command_effect(["ls"]), "allow"),
        (command_effect(["git", "status"]), "ask"),
        (command_effect(["git", "push", "-f"]), "deny"),
        (path_effect("read", ".env"), "allow"),
        (path_effect("write", ".git/config"), "ask"),
        (path_effect("read", "state/vault.db"), "deny"),
        (unclear_effect("eval x"), "ask"),
    ):
        assert evaluate([effect], policy(**rules)).verdict == verdict, effect


def test_the_strictest_of_several_effects_counts_and_says_why() -> None:
    effects = [command_effect(["ls"]), path_effect("write", "a"), command_effect(["rm", "a"])]
    ruling = evaluate(effects, policy(allow=("exec(ls)",), deny=("exec(rm *)",)))
    assert (ruling.verdict, ruling.reason) == ("deny", "denied by exec(rm *) in second")
    assert evaluate([], policy()).verdict == "allow"


def test_a_variable_that_may_become_what_is_denied_is_asked_for() -> None:
    rules = policy(allow=("exec(rm *)",), deny=("exec(rm -rf *)",))
    assert evaluate([command_effect(["rm", "a"])], rules).verdict == "allow"
    assert evaluate([shell("rm $OPTIONS")], rules).verdict == "ask"
    assert evaluate([shell('rm "`cat options`"')], rules).verdict == "ask"
    assert evaluate([shell("rm '$X'")], rules).verdict == "allow", "nothing is put in its place"
    assert evaluate([shell("rm a $X")], rules).verdict == "allow"


def test_a_role_writes_only_what_it_may() -> None:
    role = Policy(layers=(RuleLayer.of("user settings", allow=["write(**)"]),), writes=("docs/**", "*.md"))
    assert evaluate([path_effect("write", "docs/a.md")], role).verdict == "allow"
    assert evaluate([path_effect("write", "src/a.py")], role).verdict == "deny"
    assert evaluate([path_effect("read", "src/a.py")], role).verdict == "allow"


@pytest.mark.parametrize(
    "effect",
    [
        command_effect(["touch", "made"]),
        command_effect(["./x.sh", "a b", "it's", "*.log", ""]),
        command_effect(["echo", "two\nlines", ")", "[x]"]),
        shell("echo two'\n'lines [x]* ~/y \"$HOME\" $X $(date)"),
        path_effect("write", "odd [name]*?.txt"),
        named_effect("gate", "plan"),
    ],
)
def test_the_rule_of_an_always_matches_its_effect_and_no_other(effect: Effect) -> None:
    rule = rule_for(effect)
    assert rule == effect.rule
    assert parse_rule(rule).matches(effect)
    assert not parse_rule(rule).matches(Effect(kind=effect.kind, target="other", argv=("other",) if effect.argv else None, rule=""))
    if effect.argv is not None:
        assert not parse_rule(rule).matches(command_effect([*effect.argv, "more"]))


def test_no_always_is_offered_for_what_cannot_be_read() -> None:
    assert rule_for(unclear_effect("FOO=1 pytest")) is None


def test_a_symbolic_link_within_the_workspace_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("secret")
    (tmp_path / "harmless").symlink_to(".env")
    effects = Place(workspace=FakeWorkspace(tmp_path)).path_effects("read", "harmless")
    assert [effect.target for effect in effects] == [".env"]
    assert evaluate(effects, Policy()).verdict == "ask"
