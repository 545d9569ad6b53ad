"""The registry: which provider a model id means, what is known of each, and who hears of changes."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from coterie.base.errors import FailureKind, ProviderError, RequestError
from coterie.domain.status import Price
from coterie.providers.config import ApiKey, ProviderConfig
from coterie.providers.registry import ProviderRegistry
from provider_calls import host
from raw_http_server import json_reply, raw_http_server

REMOTE = "http://models.example"
WORK = host("openai_compatible", REMOTE, models=("one", "two/three"), temperature=0.2, max_tokens=99, extra={"seed": 1})


def test_choosing_finds_the_host_and_its_settings() -> None:
    price = Price(input=Decimal(1), output=Decimal(2))
    registry = ProviderRegistry([replace(WORK, prices={"two/three": price})])
    choice = registry.choose("work/two/three")
    assert (choice.id, choice.model, choice.label, choice.price) == ("work/two/three", "two/three", "work/two/three", price)
    assert (choice.temperature, choice.max_output_tokens, choice.extra) == (0.2, 99, {"seed": 1})
    assert choice.provider is registry.choose("work/one").provider, "built once"


@pytest.mark.parametrize(
    ("configs", "model", "code", "says"),
    [
        ([], "work/one", "no_provider", "ANTHROPIC_API_KEY"),
        ([WORK], "other/one", "unknown_provider", "Configured: `work`"),
        ([WORK], "one", "unknown_model", "host/model"),
        ([WORK], "work/", "unknown_model", "host/model"),
    ],
)
def test_choosing_what_is_not_there(configs: list[ProviderConfig], model: str, code: str, says: str) -> None:
    with pytest.raises(RequestError, match=says) as raised:
        ProviderRegistry(configs).choose(model)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "config",
    [
        host("openai_compatible", REMOTE, api_key=ApiKey(None, "environment variable WORK_KEY")),
        host("anthropic", REMOTE, api_key=ApiKey("with\nbreak", "environment variable WORK_KEY")),
        host("anthropic", REMOTE, api_key=None),
    ],
)
async def test_a_key_that_is_missing_is_named_before_any_call(config: ProviderConfig) -> None:
    registry = ProviderRegistry([config])
    with pytest.raises(ProviderError, match=r"WORK_KEY|`api_key` of \[providers.work\]") as raised:
        registry.choose("work/one")
    assert raised.value.code == "auth_required"
    assert await registry.models() == ()
    assert registry.list()[0].state == "auth_required"


def test_a_host_without_a_key_is_fine_where_it_wants_none() -> None:
    configs = [host("openai_compatible", REMOTE, api_key=None), host("anthropic", "http://127.0.0.1:1", id="near", api_key=None)]
    registry = ProviderRegistry(configs)
    assert [registry.choose(model).model for model in ("work/one", "near/one")] == ["one", "one"]
    assert [(view.state, view.capabilities.local) for view in registry.list()] == [("unknown", False), ("unknown", True)]


async def test_the_default_model() -> None:
    listed = json_reply({"data": [{"id": "asked"}]})
    async with raw_http_server([listed]) as server:
        near = host("openai_compatible", server.url, id="near")
        registry = ProviderRegistry([near])
        with pytest.raises(RequestError, match=r"Set `model`.*`near`") as raised:
            registry.default_model()
        assert raised.value.code == "no_provider"
        await registry.models()
        assert registry.default_model() == "near/asked"
        registry.configure([near, WORK], default_model="work/one")
        assert registry.default_model() == "work/one"
        await registry.aclose()
    assert ProviderRegistry([WORK]).default_model() == "work/one"
    with pytest.raises(RequestError, match="No model is configured"):
        ProviderRegistry().default_model()


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("transient", "down"),
        ("quota_exhausted", "down"),
        ("auth_required", "auth_required"),
        ("rate_limited", "ready"),
        ("bad_request", "ready"),
    ],
)
async def test_the_state_is_what_the_latest_use_showed(kind: FailureKind, state: str) -> None:
    registry = ProviderRegistry([WORK])
    heard: list[str] = []
    registry.on_change(lambda: heard.append(registry.list()[0].state))
    for _ in range(2):
        registry.settled("work/one", ProviderError("It broke.", kind=kind))
    assert heard == [state], "told once, on change"
    assert registry.list()[0].error == (None if state == "ready" else "It broke.")
    models = await registry.models("work")
    assert [model.id for model in models] == ["work/one", "work/two/three"]
    assert {model.state for model in models} == {"available" if state == "ready" else "down"}
    registry.settled("work/one", asyncio.CancelledError())  # type: ignore[arg-type]
    registry.settled("gone/one", None)
    registry.settled("work/one", None)
    assert (registry.list()[0].state, registry.list()[0].error) == ("ready", None)


async def test_models_of_a_host_that_went_down_stay_listed() -> None:
    async with raw_http_server([json_reply({"data": [{"id": "one"}]}), json_reply({}, status=503)]) as server:
        registry = ProviderRegistry([host("openai_compatible", server.url)])
        assert [model.state for model in await registry.models()] == ["available"]
        assert [(model.id, model.state) for model in await registry.models("work")] == [("work/one", "down")]
        assert registry.list()[0].state == "down"
        await registry.aclose()
    with pytest.raises(RequestError, match="no provider `other`"):
        await registry.models("other")


def test_providers_come_and_go_and_everybody_hears(caplog: pytest.LogCaptureFixture) -> None:
    registry = ProviderRegistry([WORK])
    heard: list[tuple[str, ...]] = []

    def broken() -> None:
        raise ValueError

    registry.on_change(broken)
    registry.on_change(lambda: heard.append(tuple(view.id for view in registry.list())))
    near = host("anthropic", "http://127.0.0.1:1", id="near")
    registry.register(near)
    registry.unregister("near")
    before = registry.get("work")
    registry.configure([near, WORK])
    registry.configure([near, WORK])
    assert heard == [("work", "near"), ("work",), ("near", "work")]
    assert registry.get("work") is before, "what did not change stays"
    registry.register(replace(WORK, base_url="http://other.example"))
    assert registry.get("work") is not before
    assert "a listener of the provider registry failed" in caplog.text
    with pytest.raises(RequestError, match="no provider `gone`"):
        registry.unregister("gone")


def test_a_registry_that_is_asked_nothing_loads_no_http_client() -> None:
    source = """
import sys
from coterie.providers.config import ProviderConfig
from coterie.providers.registry import ProviderRegistry
registry = ProviderRegistry([ProviderConfig(id="work", type="openai_compatible", base_url="http://127.0.0.1:1/v1", models=("one",))])
registry.list(), registry.default_model(), registry.choose("work/one")
print([name for name in ("httpx", "httpcore", "anyio") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
