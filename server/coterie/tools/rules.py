"""The one evaluator of permissions: rules as they stand in the settings, and what they say of a call's effects.

A rule is ``kind(pattern)``: ``exec(pytest *)``, ``write(docs/**)``, ``net(*.example.org)``, ``gate(plan)``. ``agents.approvals`` builds a
`Policy` of every layer (settings, role, grants of the run) and asks the person where `evaluate` says so. Order never matters: what is
protected > deny > ask > allow > default. How patterns match is in ``patterns`` and ``command_patterns``; how a shell line becomes effects
in ``shell``.
"""

from __future__ import annotations

import os.path
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal, get_args

from coterie.base.errors import SettingsError
from coterie.domain.permissions import Effect, EffectKind, Ruling, Verdict
from coterie.tools.command_patterns import CommandPattern
from coterie.tools.patterns import HostPattern, NamePattern, PathPattern, Pattern
from coterie.tools.words import AS_IT_IS, Word, spelled
from coterie.workspace.ignore import is_secret

MEMORY_FILE = ".coterie/memory.md"
"""What agents remember of a project, and what rules say of it wherever it is kept: text like ``AGENTS.md``, which nothing runs."""
_KINDS: tuple[EffectKind, ...] = get_args(EffectKind)
_LONGEST_NAME, _LONGEST_PATH = 255, 4096
"""What the file systems of all machines have at most; rules are only tried on what could be there, because that takes its time."""
_STRICTNESS: dict[Verdict, int] = {"allow": 0, "ask": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``text`` is its spelling in the settings."""

    text: str
    kind: EffectKind
    pattern: Pattern

    def matches(self, effect: Effect) -> bool:
        """Whether the rule speaks of ``effect``."""
        return effect.kind == self.kind and self.pattern.matches(effect)

    def admits(self, effect: Effect) -> bool:
        """Whether the rule may allow ``effect``: of a command, only as the rule has it quoted."""
        return self.matches(effect) and (not isinstance(self.pattern, CommandPattern) or self.pattern.admits(effect))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLayer:
    """The rules of one origin. ``name`` is how its origin is told to people: ``user settings``, ``this run``."""

    name: str
    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, name: str, *, allow: Iterable[str] = (), ask: Iterable[str] = (), deny: Iterable[str] = ()) -> RuleLayer:
        """Parse the rules of a layer. Raises `SettingsError`."""
        return cls(
            name=name,
            allow=tuple(map(parse_rule, allow)),
            ask=tuple(map(parse_rule, ask)),
            deny=tuple(map(parse_rule, deny)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All that decides.

    ``roots`` are the workspace folders and ``protected`` the folders that no rule opens (Coterie's own), as absolute paths. ``writes``,
    where set, are the only paths that a role may write (path patterns).
    """

    layers: tuple[RuleLayer, ...] = ()
    roots: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    writes: tuple[str, ...] | None = None

    def with_layer(self, layer: RuleLayer) -> Policy:
        """Return the policy with one more layer, for example of grants."""
        return replace(self, layers=(*self.layers, layer))

    def no_looser_than(self, other: Policy) -> Policy:
        """Return the policy with all that another one denies and asks for, too."""
        stricter = tuple(replace(layer, allow=()) for layer in other.layers if layer.ask or layer.deny)
        return replace(self, layers=(*self.layers, *stricter), roots=tuple(dict.fromkeys((*self.roots, *other.roots))))

    def hides(self, kinds: Collection[EffectKind]) -> str | None:
        """Return why no call with effects of these kinds can ever be allowed; None when some may."""
        for layer in self.layers:
            for rule in layer.deny:
                if rule.kind in kinds and rule.pattern.matches_all:
                    return f"denied by {rule.text} in {layer.name}"
        return None


def parse_rule(text: str) -> Rule:
    """Read a rule. Raises `SettingsError` that says what is wrong with it."""
    kind, opening, rest = text.strip().partition("(")
    if not opening or not rest.endswith(")"):
        raise SettingsError(f"The rule {text!r} is not of the form kind(pattern), such as exec(pytest *).")
    known = next((one for one in _KINDS if one == kind), None)
    if known is None:
        raise SettingsError(f"The rule {text!r} has the unknown kind {kind!r}; the kinds are {', '.join(_KINDS)}.")
    pattern = rest[:-1].strip()
    if not pattern:
        raise SettingsError(f"The rule {text!r} has no pattern; {kind}(**) matches everything.")
    return Rule(text.strip(), known, _pattern(known, pattern, text))


def _pattern(kind: EffectKind, pattern: str, text: str) -> Pattern:
    match kind:
        case "read" | "write":
            return PathPattern(pattern)
        case "exec":
            try:
                return CommandPattern.parse(pattern)
            except ValueError as wrong:
                raise SettingsError(f"The rule {text!r} is no command: {wrong}.") from wrong
        case "net":
            return HostPattern(pattern)
        case "env" | "mcp" | "spawn" | "gate":
            return NamePattern(pattern)


def path_effect(kind: Literal["read", "write"], path: str) -> Effect:
    """Return the effect of reading or writing ``path`` (relative to its workspace folder, or absolute outside of all)."""
    return Effect(kind=kind, target=path, rule=f"{kind}({PathPattern.literal(path)})")


def command_effect(argv: Sequence[str]) -> Effect:
    """Return the effect of running ``argv`` as it stands, without a shell."""
    return _command([(word, AS_IT_IS * len(word)) for word in argv])


def shell_effect(words: Sequence[Word]) -> Effect:
    """Return the effect of a command of a shell line."""
    return _command([(word.text, word.quoting) for word in words])


def _command(words: Sequence[tuple[str, str]]) -> Effect:
    quoting = tuple(marks for _, marks in words)
    return Effect(
        kind="exec",
        target=spelled(words, as_rule=False),
        argv=tuple(text for text, _ in words),
        rule=f"exec({spelled(words, as_rule=True)})",
        quoting=quoting if set().union(*quoting) - {AS_IT_IS} else None,
    )


def unclear_effect(line: str) -> Effect:
    """Return the effect of a shell line that cannot be read with certainty: no allow rule ever matches it."""
    return Effect(kind="exec", target=line, rule=f"exec({line})")


def named_effect(kind: Literal["net", "env", "mcp", "spawn", "gate"], target: str) -> Effect:
    """Return the effect of any other kind."""
    return Effect(kind=kind, target=target, rule=f"{kind}({PathPattern.literal(target)})")


def rule_for(effect: Effect) -> str | None:
    """Return the rule that an "always" would add; None when no rule can match exactly this effect."""
    try:
        rule = parse_rule(effect.rule)
    except SettingsError:
        return None
    return rule.text if rule.admits(effect) and effect.argv != () and not _is_unclear(effect) else None


def evaluate(effects: Sequence[Effect], policy: Policy) -> Ruling:
    """Judge a call by all its effects: the strictest verdict counts, and what it needs to be asked for is in ``asking``."""
    judged = [(effect, *_judge(effect, policy)) for effect in effects]
    verdict, reason = max(((one, why) for _, one, why in judged), key=lambda pair: _STRICTNESS[pair[0]], default=("allow", "no effects"))
    asking = tuple(effect for effect, one, _ in judged if one == "ask")
    return Ruling(verdict=verdict, reason=reason, effects=tuple(effects), asking=asking)


def allows_by_name(policy: Policy, effect: Effect) -> bool:
    """Say whether a rule of the policy allows an effect in so many words, and no default does."""
    return _first(effect, [(layer, layer.allow) for layer in policy.layers]) is not None


def _judge(effect: Effect, policy: Policy) -> tuple[Verdict, str]:
    layers = policy.layers if effect.target == MEMORY_FILE else (*policy.layers, _SAFETY)
    if (forbidden := _floor(effect, policy) or _first(effect, [(layer, layer.deny) for layer in layers])) is not None:
        return "deny", f"denied by {forbidden}"
    if (doubt := _doubt(effect, layers) or _first(effect, [(layer, layer.ask) for layer in layers])) is not None:
        return "ask", f"asked for because of {doubt}"
    for layer in layers:
        for rule in layer.allow:
            if rule.admits(effect):
                return "allow", f"allowed by {rule.text} in {layer.name}"
    return _default(effect)


def _doubt(effect: Effect, layers: Sequence[RuleLayer]) -> str | None:
    """Return why no allow rule may speak for a command whose words are not certain."""
    if _is_unclear(effect):
        return "a command line that cannot be read with certainty"
    for layer in layers:
        for rule in (*layer.deny, *layer.ask):
            if isinstance(rule.pattern, CommandPattern) and effect.kind == "exec" and rule.pattern.may_match(effect):
                return f"a variable or substitution that may come to what {rule.text} in {layer.name} speaks of"
    return None


def _first(effect: Effect, rules: Iterable[tuple[RuleLayer, tuple[Rule, ...]]]) -> str | None:
    return next((f"{rule.text} in {layer.name}" for layer, several in rules for rule in several if rule.matches(effect)), None)


def _is_unclear(effect: Effect) -> bool:
    return effect.kind == "exec" and effect.argv is None


def _floor(effect: Effect, policy: Policy) -> str | None:
    """Return why no rule can allow this."""
    if effect.kind not in {"read", "write"}:
        return None
    if len(effect.target) > _LONGEST_PATH or any(len(name) > _LONGEST_NAME for name in effect.target.split("/")):
        return "a rule that cannot be changed: no file has so long a name"
    places = [os.path.normpath(PurePath(root, effect.target)) for root in policy.roots or ("/",)]
    for protected in policy.protected:
        if any(PurePath(place).is_relative_to(protected) for place in places):
            return "a rule that cannot be changed: Coterie's own files are closed to agents"
    if effect.kind == "write" and policy.writes is not None and not any(PathPattern(one).matches(effect) for one in policy.writes):
        return f"this step's role, which may write only {', '.join(policy.writes)}"
    return None


def _default(effect: Effect) -> tuple[Verdict, str]:
    match effect.kind:
        case "read" | "write":
            if PurePath(effect.target).is_absolute():
                return "ask", "default: what lies outside of the workspace is asked for"
            if any(map(is_secret, PurePath(effect.target).parts)):
                return "ask", "default: files that look like secrets are asked for"
            return "allow", "default: files of the workspace"
        case "spawn":
            return "allow", "default: agents may start agents"
        case "exec" | "net" | "env" | "mcp" | "gate":
            return "ask", f"default: {effect.kind} is asked for"


_SAFETY = RuleLayer.of(
    "Coterie itself",
    ask=[f"write(**/{folder}/**)" for folder in (".git", ".hg", ".svn", ".vscode", ".idea", ".coterie")] + ["write(**/.git)"],
)
"""What could run as code outside of the sandbox once it is written: a person looks at it, whatever is allowed."""
