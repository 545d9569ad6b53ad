"""Every key that the settings may hold: its type, its default, and what it does.

One set of keys for all layers: snake_case in TOML, camelCase too in JSON. ``layers`` checks each layer against `Settings`, so every key has
a default and none needs another one; ``docs/configuration.md`` is generated from the descriptions here. Building these classes' validators
is deferred to the first use, which keeps the start light.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from coterie.domain.permissions import EffectKind
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FimSetting

LATER = frozenset({"mcp"})
"""Keys that are accepted, because a later version reads them, and do nothing yet."""
LATER_TYPES = frozenset({"acp"})
"""Types of hosts that a later version has: an entry of such a type is left out, and nothing in it is wrong."""

AGENTS = ("chat", "planner", "coder", "reviewer", "tester", "documenter")
"""The agents that there are, by whose ids settings speak of them: those of ``agents.templates``, which is on a higher floor."""
LATER_AGENTS = frozenset({"orchestrator"})
"""Agents that a later version has: a table of settings for one waits for it."""


def _model_id(text: str) -> str:
    host, _, model = text.partition("/")
    if not (host.strip() and model.strip()):
        raise ValueError("Write the host and its model, `host/model`.")
    return text


def _completion_model(text: str) -> str:
    return text if text == "none" else _model_id(text)


def _address(text: str) -> str:
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError("Write an address that begins with http:// or https://.")
    if not _has_port(parts):
        raise ValueError("The port of an address is a number from 1 to 65535.")
    if "?" in text or "#" in text:
        raise ValueError("Paths are added to this address: leave `?` and `#` out of it, and what stands behind them.")
    return text.rstrip("/")


def _has_port(parts: SplitResult) -> bool:
    """Say whether the port of an address is one, or left out."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _number(said: object) -> object:
    """Refuse a truth value, which Python counts among the numbers."""
    if isinstance(said, bool):
        raise ValueError("Write a number.")  # noqa: TRY004 - pydantic reports this one
    return said


def _rule(text: str) -> str:
    kind, opening, rest = text.partition("(")
    if kind not in get_args(EffectKind) or not opening or not rest.endswith(")") or not rest[:-1].strip():
        raise ValueError(f"Write a rule as `kind(pattern)`, where the kind is one of {', '.join(get_args(EffectKind))}.")
    if kind == "exec" and _has_open_quote(rest[:-1]):
        raise ValueError("A quote in this rule is not closed.")
    return text


def _has_open_quote(command: str) -> bool:
    """Say whether a command ends within quotes; a backslash keeps the character after it from being one, but within single quotes."""
    outside = re.sub(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", "", command, flags=re.DOTALL)
    return "'" in outside or '"' in outside


ModelId = Annotated[str, AfterValidator(_model_id)]
CompletionModel = Annotated[str, AfterValidator(_completion_model)]
Address = Annotated[str, AfterValidator(_address)]
RuleText = Annotated[str, AfterValidator(_rule)]
_Number = BeforeValidator(_number)
Dollars = Annotated[Decimal, Field(ge=0), _Number]
Count = Annotated[int, Field(ge=1), _Number]
CountFromZero = Annotated[int, Field(ge=0), _Number]
Seconds = Annotated[float, Field(gt=0), _Number]
Temperature = Annotated[float, Field(ge=0), _Number]
Share = Annotated[float, Field(gt=0, le=1), _Number]
Extra: TypeAlias = Mapping[str, Any]


class Table(BaseModel):
    """A table of the settings: frozen, and strict about its keys, whose typing errors would otherwise go unnoticed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class PriceSettings(Table):
    """US dollars for a million tokens. What is missing is unknown, and a cost with an unknown part is unknown."""

    input: Dollars | None = Field(None, description="tokens that no cache held")
    output: Dollars | None = Field(None, description="tokens of answers")
    cache_read: Dollars | None = Field(None, description="tokens that a cache held")
    cache_write: Dollars | None = Field(None, description="tokens that a cache took in")


class ProviderSettings(Table):
    """A host of models. The name of its table is the host in `host/model`."""

    type: ProviderType = Field(
        "openai_compatible",
        description="the wire that the host speaks; a host whose name is one of these is of that type unless it says otherwise",
    )
    base_url: Address | None = Field(
        None,
        description="`anthropic`: the origin, without `/v1`; `openai_compatible`: with it; `litellm`: where it is not the vendor's own",
    )
    vendor: str | None = Field(
        None, min_length=1, description="LiteLLM's name of the vendor, where the host has another one: who is asked, and whose prices hold"
    )
    api_key: SecretStr | None = Field(
        None, description="`vault://name/key` or `env:NAME`; without it the vault's `NAME/api_key` is used, where there is one"
    )
    models: tuple[str, ...] = Field((), description="its models, instead of asking the host")
    context_tokens: Count | None = Field(
        None,
        description="`ollama`: the window to ask for, else 32768; for other hosts that do not say it: the window that their models have",
    )
    cassette: str | None = Field(None, description="the recording of a `replay` host, relative to the file that says so")
    command: str | None = Field(
        None, min_length=1, description="the program of a `claude_code` host, instead of the `claude` that is found"
    )
    temperature: Temperature | None = Field(None, description="sent with every request")
    max_tokens: Count | None = Field(None, description="the longest answer, in tokens")
    top_p: Share | None = Field(None, description="sent with every request")
    extra: Extra = Field(default_factory=dict, description="more fields of the request, as the host names them")
    price: Mapping[str, PriceSettings] = Field(default_factory=dict, description="prices by the host's own model name")
    connect_timeout_s: Seconds = Field(10.0, description="seconds to wait for a connection")
    first_token_timeout_s: Seconds | None = Field(
        None, description="seconds to wait for the first word of an answer; else 120, or 600 for `llama_swap`, which may load a model"
    )
    idle_timeout_s: Seconds = Field(120.0, description="seconds to wait for the next word")
    health_check_s: Seconds = Field(15.0, description="`botserver`: seconds between looks whether it is there, while it is in use")
    fim: FimSetting | None = Field(
        None,
        description="how gaps are filled for ghost text: `true`, by text completions with a `suffix`; `false`, not at all; `mistral`, "
        "`deepseek`, as these vendors do; or a family of models, by its special tokens; else as is known of the host and the model",
    )
    rpm: Count | None = Field(None, description="requests that each of its models takes in a minute; more of them wait")
    tpm: Count | None = Field(None, description="tokens that each of its models takes in a minute; more of them wait")
    lane: bool | None = Field(
        None, description="whether it works with one model at a time; `ollama`, `llama_cpp`, `llama_swap` do by default"
    )


class BudgetSettings(Table):
    """Limits of one run. Of several budgets the smallest applies."""

    usd: Dollars | None = Field(None, description="US dollars")
    tokens: Count | None = Field(None, description="tokens of every kind")
    wall_s: Seconds | None = Field(None, description="seconds, without those in which a person is waited for")


class RunBudgetSettings(BudgetSettings):
    """Limits of one run, of a channel, and of a day. The last two count every call: ghost text and titles too."""

    usd: Dollars | None = Field(Decimal("3.0"), description="US dollars")
    wall_s: Seconds | None = Field(1800.0, description="seconds, without those in which a person is waited for")
    day_usd: Dollars | None = Field(None, description="US dollars of all runs and all ghost text of a day (UTC)")
    day_tokens: Count | None = Field(None, description="tokens of every kind of a day (UTC)")
    channel_usd: Dollars | None = Field(None, description="US dollars of all runs of a channel")
    channel_tokens: Count | None = Field(None, description="tokens of every kind of all runs of a channel")


class AgentSettings(Table):
    """An agent: `chat`, `planner`, `coder`, `reviewer`, `tester`, `documenter`."""

    model: ModelId | None = Field(None, description="its model, instead of the default one")
    fallbacks: tuple[ModelId, ...] | None = Field(
        None, description="models to go on with when that one fails, in order, instead of the default ones; `[]`: none"
    )
    budget: BudgetSettings = Field(default_factory=BudgetSettings, description="limits of this agent in a run")
    temperature: Temperature | None = Field(None, description="instead of the host's")
    max_tokens: Count | None = Field(None, description="instead of the host's")
    top_p: Share | None = Field(None, description="instead of the host's")
    extra: Extra = Field(default_factory=dict, description="more fields of the request, over the host's")
    external: bool = Field(
        default=False,
        description="whether its model's host, a `claude_code` one, does the work as an agent of its own, in a copy of the folder",
    )
    flags: tuple[str, ...] = Field((), description="more options of that agent's program")


class PermissionSettings(Table):
    """What agents may do. The three lists add up over all layers; deny comes before ask, ask before allow."""

    policy_when_unattended: Literal["deny", "allow_list"] = Field(
        "deny", description="what becomes of a question that nobody can answer: the run is interrupted, or the call is denied"
    )
    allow: tuple[RuleText, ...] = Field((), description="rules for what needs no question, such as `exec(pytest *)`")
    ask: tuple[RuleText, ...] = Field((), description="rules for what is asked about each time")
    deny: tuple[RuleText, ...] = Field((), description="rules for what is never done")


class SandboxSettings(Table):
    """How commands are confined."""

    level: Literal["auto", "bubblewrap", "none"] = Field("auto", description="`auto` is bubblewrap where it works")
    network: bool = Field(default=False, description="whether commands reach the network")


class TrustSettings(Table):
    """Which workspaces may loosen anything."""

    workspaces: tuple[str, ...] = Field((), description="folders; what lies below them is trusted too")


class RetrySettings(Table):
    """How a call that failed for a passing reason is made again."""

    attempts: Count = Field(4, description="attempts in all")
    base_ms: Count = Field(500, description="the wait before the second attempt; each further one waits twice as long")
    max_ms: Count = Field(20_000, description="the longest wait")


class CacheSettings(Table):
    """Answers to requests of temperature 0, kept for when the same is asked again. They are marked, and cost nothing."""

    enabled: bool = Field(default=False, description="whether answers are kept; they may quote the project")
    max_mb: Count = Field(64, description="the room for them on the disk; the oldest go first")
    max_age_h: Count = Field(168, description="hours for which an answer counts")


class ContextSettings(Table):
    """What agents are shown unasked when they begin, from the index of the project. Where a model's window is small it is less."""

    map_tokens: CountFromZero = Field(1_000, description="tokens of the map of the project; 0: no map")
    code_tokens: CountFromZero = Field(1_000, description="tokens of the code that fits a request; 0: none is looked for")


class ReviewSettings(Table):
    """When the person looks at edits."""

    mode: Literal["after", "before"] = Field(
        "after",
        description="`after`: edits are applied, looked at then, and can be undone; `before`: each one is a proposal until it is allowed",
    )


class UndoSettings(Table):
    """What undos take away of what commands wrote is kept for a while: it may have been nowhere else."""

    keep_mb: Count = Field(
        1024,
        description="the room for it on the disk: beyond it what was kept of the oldest runs goes, but nothing of the last ten minutes",
    )


class ProjectTestSettings(Table):
    """The project's tests."""

    command: str | None = Field(None, min_length=1, description="the command that runs them, instead of the one that is found")


class SuggestionSettings(Table):
    """Ghost text. Without a model the project itself suggests what it would write next, and so it does while a model is slow or fails."""

    enabled: bool = Field(default=True, description="whether there is any")
    min_delay_ms: CountFromZero = Field(0, description="the least wait after a key, in milliseconds")
    disabled_languages: tuple[str, ...] = Field((), description="languages, as the editor names them, where it comes only when asked for")


class ActionSettings(Table):
    """A code action of your own."""

    title: str | None = Field(None, min_length=1, description="how the editor shows it; else its name")
    prompt: str = Field("", description="what is to be done about the selected code; an action without a prompt is not shown")
    kind: str = Field(
        "refactor.rewrite", min_length=1, description="where editors sort it: `quickfix`, `refactor`, `source`, or below one of these"
    )
    agent: str | None = Field(None, description="who does it, instead of `chat`")


class McpServerSettings(Table):
    """A server of tools (read by a later version)."""

    command: tuple[str, ...] = Field((), description="how it is started")


class McpSettings(Table):
    """Servers of tools (read by a later version)."""

    servers: Mapping[str, McpServerSettings] = Field(default_factory=dict, description="by name")


class Settings(Table):
    """Everything that can be set."""

    model: ModelId | None = Field(None, description="the model of every agent that names none, `host/model`")
    small_model: ModelId | None = Field(
        None,
        description="the model that names chats and summarises long ones; without one a chat is called by its first line, "
        "and the agent's own model summarises",
    )
    fallbacks: tuple[ModelId, ...] = Field((), description="models to go on with when an agent's own one fails, in order")
    completion_model: CompletionModel | None = Field(None, description="the model of ghost text; `none`, like no name: the project alone")
    providers: Mapping[str, ProviderSettings] = Field(default_factory=dict, description="hosts by name")
    discovery: bool = Field(
        default=True, description="whether hosts on this machine, and the `claude` program, are looked for where no entry names a host"
    )
    agents: Mapping[str, AgentSettings] = Field(default_factory=dict, description="agents by id")
    budget: RunBudgetSettings = Field(default_factory=RunBudgetSettings, description="limits")
    permissions: PermissionSettings = Field(default_factory=PermissionSettings, description="what agents may do")
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings, description="how commands are confined")
    trust: TrustSettings = Field(default_factory=TrustSettings, description="trusted workspaces")
    retry: RetrySettings = Field(default_factory=RetrySettings, description="what is done again")
    cache: CacheSettings = Field(default_factory=CacheSettings, description="answers that are kept")
    context: ContextSettings = Field(default_factory=ContextSettings, description="what agents are shown unasked")
    review: ReviewSettings = Field(default_factory=ReviewSettings, description="when edits are looked at")
    undo: UndoSettings = Field(default_factory=UndoSettings, description="what undos take away")
    tests: ProjectTestSettings = Field(default_factory=ProjectTestSettings, description="the project's tests")
    suggestions: SuggestionSettings = Field(default_factory=SuggestionSettings, description="ghost text")
    actions: Mapping[str, ActionSettings] = Field(default_factory=dict, description="code actions by name")
    mcp: McpSettings = Field(default_factory=McpSettings, description="servers of tools")
