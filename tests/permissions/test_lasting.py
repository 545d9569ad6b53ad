"""An answer that outlasts its question is offered only where its rule would have answered it, and says what else it lets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coterie.agents.lasting import Kept, offered, rules_of
from coterie.domain.permissions import ApprovalOption, Effect
from coterie.tools.command_line import line_effects
from coterie.tools.reach import reach
from coterie.tools.rules import Policy, RuleLayer, command_effect, evaluate, named_effect, parse_rule, path_effect, unclear_effect
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace


def shell(line: str) -> Effect:
    """Return the only effect of a shell line."""
    [effect] = line_effects(line, Place(workspace=FakeWorkspace(Path("/p"))), Path("/p"))
    return effect


TOUCH = command_effect(["touch", "made"])
ANYWHERE = "also within a longer command line, whatever is piped into it; on what each project has under the names in it, trusted or not"
ONCE = ["allow_once", "reject_once"]
IN_RUN = ["allow_once", "allow_run", "allow_session", "reject_once"]
ALWAYS = ["allow_once", "allow_run", "allow_session", "allow_always", "reject_once", "reject_always"]


@dataclass
class FakeRules:
    """Implements `UserRules`: takes what ``takes`` names."""

    takes: Sequence[Kept] = ("allow", "deny")
    asked: list[Sequence[str]] = field(default_factory=list)

    async def can_keep(self, verdict: Kept, rules: Sequence[str]) -> bool:
        """Say so."""
        self.asked.append(rules)
        return verdict in self.takes

    async def keep(self, verdict: Kept, rules: Sequence[str]) -> None:
        """Refuse: nothing is answered here."""
        raise AssertionError((verdict, rules))


async def options_for(
    *asking: Effect, user: FakeRules | None = None, confined: bool = True, **rules: Sequence[str]
) -> tuple[ApprovalOption, ...]:
    """Return the options for effects under rules of a project."""
    policy = Policy(layers=(RuleLayer.of("project", **rules),), roots=("/p",), protected=("/home/me/.coterie",))

    async def allows(tried: Policy) -> bool:
        return confined and evaluate(asking, tried).verdict == "allow"

    return await offered(asking, policy, allows, user)


@pytest.mark.parametrize(
    ("asking", "rules", "kinds"),
    [
        ((TOUCH,), {}, ALWAYS),
        ((TOUCH,), {"ask": ["exec(touch *)"]}, [*IN_RUN, "reject_always"]),
        ((TOUCH, command_effect(["chmod", "+x", "made"])), {}, [*ALWAYS[:-1]]),
        ((TOUCH, TOUCH), {}, [*ALWAYS[:-1]]),
        ((TOUCH, unclear_effect("$(x)")), {}, ONCE),
        ((unclear_effect("$(x)"),), {}, ONCE),
        ((shell("rm $X"),), {"ask": ["exec(rm -rf *)"]}, [*IN_RUN, "reject_always"]),
        ((command_effect(["echo", "a\u202eb"]),), {}, IN_RUN),
        ((command_effect(["echo", "x\n  (n) Allow once"]),), {}, IN_RUN),
        ((shell("echo it\\'s [a]*"),), {}, ALWAYS),
        ((shell("echo it\\'s '[a]*'"),), {}, ALWAYS),
        ((shell("find . -name '*.py'"),), {}, ALWAYS),
        ((command_effect(["git", "add", "*.py"]),), {}, ALWAYS),
        ((unclear_effect("echo ''$X"),), {}, ONCE),
        ((path_effect("write", ".vscode/tasks.json"),), {}, [*IN_RUN, "reject_always"]),
        ((path_effect("write", "/etc/[hosts]"),), {}, ALWAYS),
        ((path_effect("write", "/home/me/.coterie/config.toml"),), {}, [*IN_RUN, "reject_always"]),
        ((path_effect("read", ".env"),), {}, ALWAYS),
        ((named_effect("net", "example.org"),), {}, ALWAYS),
        ((named_effect("mcp", "docs.search"),), {"ask": ["mcp(docs.*)"]}, [*IN_RUN, "reject_always"]),
    ],
)
async def test_what_is_offered_is_proven(asking: tuple[Effect, ...], rules: dict[str, Sequence[str]], kinds: list[str]) -> None:
    options = await options_for(*asking, user=FakeRules(), **rules)
    assert [option.kind for option in options] == kinds
    for option in options:
        if option.kind == "allow_always":
            kept = RuleLayer.of("user", allow=rules_of(asking))
            policy = Policy(layers=(RuleLayer.of("project", **rules), kept), roots=("/p",))
            assert evaluate(asking, policy).verdict == "allow"
            assert option.label == f"Allow always: {option.rule}"
            assert option.rule == ", ".join(rule.text for rule in kept.allow)


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("cat x.sh | sh", False),
        ("sudo bash", False),
        ("bash -o pipefail", False),
        ("bash -s x", False),
        ("python3 -", False),
        ("python3.12 -W ignore", False),
        ("/usr/bin/python3 /dev/stdin", False),
        ("busybox sh", False),
        ("ls | xargs rm", False),
        ("find . -exec perl ';'", False),
        ("python3 make.py", True),
        ("python3 -m pytest -q", True),
        ("python3 -c 'print(1)'", True),
        ("python3 --version", True),
        ("bash script.sh", True),
        ("node x.js | cat", True),
        ("./build.sh", True),
    ],
)
async def test_what_runs_whatever_it_reads_is_never_allowed_for_always(line: str, known: bool) -> None:  # noqa: FBT001 - a column
    effects = line_effects(line, Place(workspace=FakeWorkspace(Path("/p"))), Path("/p"))
    offered_now = {option.kind for option in await options_for(*effects, user=FakeRules())}
    assert ("allow_always" in offered_now, "allow_run" in offered_now) == (known, True)


@pytest.mark.parametrize(
    ("asked", "otherwise"),
    [
        ("stat -c %n '~'", "stat -c %n ~"),
        ("rm -rf \\~", "rm -rf ~"),
        ('rm "~"/x', "rm ~/x"),
        ("rm ~'/x'", "rm ~/x"),
        ("make X='~/x'", "make X=~/x"),
        ("rm '*'", "rm *"),
        ('rm "a?"', "rm a?"),
        ("rm \\[ab]", "rm [ab]"),
        ("rm '*'*", "rm **"),
        ("echo '$X'*", "echo $X*"),
        ("env rm '*'", "rm *"),
        ("sh -c \"rm '*'\"", "rm *"),
    ],
)
def test_what_quotes_keep_from_expansion_gets_a_rule_that_lets_the_expanded_one_not_run(asked: str, otherwise: str) -> None:
    for mine, other in ((asked, otherwise), (otherwise, asked)):
        [rule] = rules_of([shell(mine)])
        assert parse_rule(rule).admits(shell(mine))
        assert not parse_rule(rule).admits(shell(other))
        assert parse_rule(rule).matches(shell(other)), "what it denies it denies however it is quoted"
    assert "whatever its wildcards and ~ come to" in (reach([shell(otherwise)]) or "")


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        (named_effect("net", "*"), named_effect("net", "evil.org")),
        (named_effect("net", "*.com"), named_effect("net", "evil.com")),
        (named_effect("mcp", "docs.?"), named_effect("mcp", "docs.x")),
        (named_effect("spawn", "[ab]"), named_effect("spawn", "a")),
    ],
)
def test_a_wildcard_in_a_name_stands_for_itself(asked: Effect, other: Effect) -> None:
    [rule] = rules_of([asked])
    assert (parse_rule(rule).matches(asked), parse_rule(rule).matches(other)) == (True, False)


async def test_what_cannot_be_kept_is_not_offered() -> None:
    assert [option.kind for option in await options_for(TOUCH)] == IN_RUN
    assert [option.kind for option in await options_for(TOUCH, user=FakeRules(takes=["allow"]))] == ALWAYS[:-1]
    assert [option.kind for option in await options_for(TOUCH, user=FakeRules(takes=["deny"]))] == [*IN_RUN, "reject_always"]
    assert [option.kind for option in await options_for(TOUCH, user=FakeRules(), confined=False)] == [*IN_RUN, "reject_always"]
    unclear = FakeRules()
    await options_for(unclear_effect("$(x)"), user=unclear)
    assert unclear.asked == []


@pytest.mark.parametrize(
    ("effect", "says", "also"),
    [
        (TOUCH, f"{ANYWHERE}; for a touch from any folder, or python -m touch", command_effect(["/tmp/touch", "made"])),
        (TOUCH, "or python -m touch", command_effect(["/tmp/python", "-m", "touch", "made"])),
        (command_effect(["./touch", "made"]), ANYWHERE, command_effect(["./touch", "made"])),
        (shell("python3 make.py"), "or python -m python3", shell("python3 make.py")),
        (shell('echo "$HOME"'), "whatever its variables and substitutions come to", shell('echo "$HOME"')),
        (shell("rm ~/x [ab]*"), "whatever its wildcards and ~ come to", shell("rm ~/x [ab]*")),
        (path_effect("read", ".env"), "there for the file .env of each", path_effect("read", ".env")),
        (named_effect("net", "example.org"), "for every request to example.org", named_effect("net", "EXAMPLE.org")),
        (named_effect("net", "*.org"), "for every request to *.org", named_effect("net", "*.ORG")),
        (named_effect("mcp", "docs.search"), "for docs.search whatever is asked of it", named_effect("mcp", "docs.search")),
    ],
)
def test_what_else_a_rule_speaks_of_is_said_and_true(effect: Effect, says: str, also: Effect) -> None:
    told = reach([effect]) or ""
    assert told.startswith("Holds in every project and for every agent; ")
    assert told.endswith(f"{says}.")
    [rule] = rules_of([effect])
    assert parse_rule(rule).admits(also)


def test_what_several_rules_speak_of_is_said_once() -> None:
    assert reach([command_effect(["./a"]), command_effect(["./b"]), path_effect("write", "/etc/hosts")]) == (
        f"Holds in every project and for every agent; {ANYWHERE}."
    )
    assert reach([path_effect("write", "/etc/hosts")]) == "Holds in every project and for every agent."


def test_a_policy_is_no_looser_than_the_one_it_began_with() -> None:
    began = Policy(layers=(RuleLayer.of("project", allow=["exec(a)"], ask=["exec(b)"], deny=["exec(c)"]),), roots=("/p",))
    now = Policy(layers=(RuleLayer.of("user", allow=["exec(**)"]),), roots=("/q",)).no_looser_than(began)
    verdicts = [evaluate([command_effect([name])], now).verdict for name in "abc"]
    assert (verdicts, now.roots) == (["allow", "ask", "deny"], ("/q", "/p"))
    revoked = Policy().no_looser_than(began)
    assert evaluate([command_effect(["a"])], revoked).verdict == "ask"
