"""Prices and limits: read from LiteLLM's own map without LiteLLM, kept small, made anew when damaged, and never guessed."""

import ast
import importlib.util
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coterie.base.errors import RequestError
from coterie.config.environment import KNOWN_HOSTS
from coterie.domain.status import Capabilities, ModelView, Price, ProviderType
from coterie.modelhost.cost_map import compacted
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import NOTHING, CostMap, Facts, _file_name, completed
from coterie.providers.registry import ProviderRegistry
from coterie.providers.vendors import NAMES, address_of, from_environment, key_variables, secrets_in, vendor_of

OPENAI = ProviderConfig(id="openai", type="openai_compatible", base_url="https://api.openai.com/v1")


def entry(**more: Any) -> dict[str, Any]:
    return {"litellm_provider": "gemini", "mode": "chat", **more}


def test_a_model_is_known_by_what_litellm_says_of_it() -> None:
    raw = entry(
        input_cost_per_token=1.25e-06,
        output_cost_per_token=1e-05,
        cache_read_input_token_cost=1.25e-07,
        max_input_tokens=1_048_576,
        max_output_tokens=65_536,
        supports_function_calling=True,
        supports_vision=False,
    )
    assert compacted({"gemini/x": raw}) == {
        "gemini/x": {
            "vendor": "gemini",
            "input": "1.25",
            "output": "10",
            "cache_read": "0.125",
            "context": 1_048_576,
            "longest": 65_536,
            "can": ["tools"],
        }
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, {}),
        ({"input_cost_per_token": 0, "output_cost_per_token": 0.0}, {}),
        ({"input_cost_per_token": 0, "output_cost_per_token": 1e-6}, {"input": "0", "output": "1"}),
        ({"input_cost_per_token": "free", "output_cost_per_token": -1, "max_input_tokens": "many"}, {}),
        ({"max_tokens": 4096}, {}),
    ],
    ids=["nothing", "nothing is free", "a free half", "nonsense", "a limit of nobody knows what"],
)
def test_what_is_not_known_is_left_out(said: dict[str, Any], kept: dict[str, Any]) -> None:
    assert compacted({"m": entry(**said)}) == {"m": {"vendor": "gemini", **kept, "can": []}}


def test_only_models_that_talk_are_kept() -> None:
    assert compacted({"a": entry(mode="embedding"), "b": {"mode": None}, "c": "no model", "d": entry(mode="responses")}).keys() == {"d"}


async def test_the_map_is_made_once_and_read_from_then_on(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = CostMap(folder)
    assert first.of("openai", "gpt-5") == NOTHING, "nothing is read before it is asked for"
    await first.load()
    (file,) = folder.iterdir()
    made = file.stat().st_mtime_ns
    known = first.of("openai", "gpt-5")
    assert known.price == Price(input=Decimal("1.25"), cache_read=Decimal("0.125"), output=Decimal(10))
    assert (known.context_tokens, known.max_output_tokens) == (272_000, 128_000)
    assert {"tools", "vision"} <= known.abilities

    second = CostMap(folder)
    await second.load()
    assert file.stat().st_mtime_ns == made
    assert second.of("openai", "gpt-5") == known


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"gpt-5": 1}', b"\xff\xfe"])
async def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / _file_name()
    file.write_bytes(damage)
    again = CostMap(tmp_path)
    await again.load()
    assert again.of("openai", "gpt-5").price is not None
    assert json.loads(file.read_bytes())


async def test_where_nothing_can_be_written_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    cost_map = CostMap(tmp_path / "file" / "folder")
    await cost_map.load()
    assert cost_map.of("openai", "gpt-5") == NOTHING
    assert cost_map.models("openai") == ()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have one file for all tests that only read it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def cost_map(cache: Path) -> CostMap:
    made = CostMap(cache)
    await made.load()
    return made


@pytest.mark.parametrize(
    ("vendor", "model", "is_known"),
    [
        ("anthropic", "claude-sonnet-4-5", True),
        ("gemini", "gemini-2.5-pro", True),
        ("cohere", "command-a-03-2025", True),
        ("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", True),
        ("openrouter", "gpt-5", False),
        ("openai", "claude-sonnet-4-5", False),
        ("openai", "nonesuch", False),
        (None, "gpt-5", False),
    ],
)
async def test_a_price_is_the_vendors_own(cost_map: CostMap, vendor: str | None, model: str, *, is_known: bool) -> None:
    assert (cost_map.of(vendor, model).price is not None) is is_known


async def test_the_usual_models_are_known_not_about_to_end_and_can_call_tools(cost_map: CostMap) -> None:
    named = [(host.name, model) for host in KNOWN_HOSTS for model in (host.model, host.small_model) if model]
    facts = {f"{vendor}/{model}": cost_map.of(vendor, model) for vendor, model in named}
    lacking = [
        name for name, known in facts.items() if known.price is None or known.context_tokens is None or "tools" not in known.abilities
    ]
    assert lacking == []
    assert all(f"{vendor}/{model}".removeprefix(f"{vendor}/") in cost_map.models(vendor) for vendor, model in named)


def test_what_a_host_says_itself_comes_first() -> None:
    facts = Facts(price=Price(input=Decimal(1)), context_tokens=1000, max_output_tokens=100, abilities=frozenset({"vision"}))
    view = ModelView(id="a/b", provider="a", capabilities=Capabilities())
    filled = completed(view, facts)
    assert (filled.price, filled.context_tokens, filled.capabilities.vision, filled.capabilities.tools) == (facts.price, 1000, True, False)
    assert (filled.capabilities.max_input_tokens, filled.capabilities.max_output_tokens) == (1000, 100)
    own = replace(view, context_tokens=5, price=Price(input=Decimal(2)))
    assert (completed(own, facts).context_tokens, completed(own, facts).price) == (5, Price(input=Decimal(2)))
    assert completed(view, NOTHING) == view


async def test_models_and_choices_have_prices_and_limits_and_the_persons_own_win(cost_map: CostMap) -> None:
    own = Price(input=Decimal(7), output=Decimal(9))
    config = replace(OPENAI, models=("gpt-5", "gpt-5-mini", "nonesuch"), prices={"gpt-5-mini": own})
    registry = ProviderRegistry([config], cost_map=cost_map)
    try:
        await registry.ready()
        choice = registry.choose("openai/gpt-5")
        assert choice.price is not None
        assert (choice.price.output, choice.context_tokens) == (Decimal(10), 272_000)
        assert registry.choose("openai/gpt-5-mini").price == own
        assert registry.choose("openai/nonesuch").price is None
        views = {view.id: view for view in await registry.models()}
    finally:
        await registry.aclose()
    assert (views["openai/gpt-5"].price, views["openai/gpt-5"].context_tokens) == (choice.price, 272_000)
    assert views["openai/gpt-5-mini"].price == own
    assert (views["openai/nonesuch"].price, views["openai/nonesuch"].context_tokens) == (None, None)


@pytest.mark.proves("litellm", "models")
async def test_a_map_is_no_hosts_list(cost_map: CostMap) -> None:
    registry = ProviderRegistry([ProviderConfig(id=vendor, type="litellm") for vendor in ("bedrock", "azure")], cost_map=cost_map)
    try:
        views = await registry.models()
        assert len(views) > 100
        assert {view.provider for view in views} == {"bedrock"}, "deployments have names of their own"
        assert all(view.price is None or view.price.output is not None for view in views)
        with pytest.raises(RequestError, match="No model is chosen"):
            registry.default_model()
        assert {provider.state for provider in registry.list()} == {"unknown"}, "nobody was asked"
    finally:
        await registry.aclose()


async def test_a_host_of_many_vendors_has_their_prices(cost_map: CostMap) -> None:
    registry = ProviderRegistry([ProviderConfig(id="work", type="litellm")], cost_map=cost_map)
    try:
        await registry.ready()
        assert registry.choose("work/gemini/gemini-2.5-pro").context_tokens == 1_048_576
        assert registry.choose("work/gemini-2.5-pro").price is None
    finally:
        await registry.aclose()


@pytest.mark.parametrize(
    ("host_id", "kind", "base_url", "vendor", "expected"),
    [
        ("openai", "openai_compatible", "http://proxy.example/v1", None, "openai"),
        ("work", "openai_compatible", "https://api.openai.com/v1", None, "openai"),
        ("work", "openai_compatible", "http://127.0.0.1:1/v1", None, None),
        ("work", "openai_compatible", "http://127.0.0.1:1/v1", "mistral", "mistral"),
        ("work", "anthropic", "https://api.anthropic.com", None, "anthropic"),
        ("work", "anthropic", "http://127.0.0.1:1", None, None),
        ("gemini", "litellm", "", None, "gemini"),
        ("work", "litellm", "", None, None),
        ("openai", "replay", "", None, None),
    ],
)
def test_whose_models_a_host_serves(host_id: str, kind: ProviderType, base_url: str, vendor: str | None, expected: str | None) -> None:
    assert vendor_of(ProviderConfig(id=host_id, type=kind, base_url=base_url, vendor=vendor)) == expected


def test_the_vendors_are_those_of_litellm() -> None:
    found = importlib.util.find_spec("litellm")
    assert found is not None
    assert found.origin is not None
    tree = ast.parse((Path(found.origin).parent / "types" / "utils.py").read_text(encoding="utf-8"))
    (listed,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "LlmProviders")
    values = {node.value.value for node in listed.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)}
    assert values == NAMES


def test_what_litellm_would_look_up_is_taken_from_the_right_variables() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "GROQ_API_KEY": "groq",
        "GOOGLE_API_KEY": "google",
        "AZURE_API_BASE": "https://a.example",
    }
    bedrock = from_environment("bedrock", environ)
    assert bedrock == {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "aws_region_name": "eu-central-1"}
    assert secrets_in(bedrock) == ("id", "secret")
    assert from_environment("groq", environ) == {"api_key": "groq"}
    assert from_environment("gemini", environ) == {"api_key": "google"}
    assert from_environment("azure", environ) == {"api_base": "https://a.example"}
    assert key_variables("nano-gpt") == ("NANO_GPT_API_KEY",)


@pytest.mark.parametrize(
    ("vendor", "given", "wanted"),
    [
        ("gemini", "http://h", "http://h/v1beta"),
        ("gemini", "http://h/own/path", "http://h/own/path"),
        ("cohere", "http://h/", "http://h/v2/chat"),
        ("azure", "http://h/", "http://h"),
    ],
)
def test_a_bare_origin_gets_the_vendors_path(vendor: str, given: str, wanted: str) -> None:
    assert address_of(vendor, given) == wanted
