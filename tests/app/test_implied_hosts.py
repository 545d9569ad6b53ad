"""A model's id may name a host that has no entry: one whose key people have in their environment, or any vendor that LiteLLM knows."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

import mortal_host
from coterie.app.settings import LiveSettings, implied_provider
from coterie.base.errors import ProviderError, RequestError
from coterie.config.paths import VAULT_NAMES
from coterie.providers.model_host import ModelHost
from coterie.providers.registry import ProviderRegistry

CANARY = "canary-key-1234"


def registry(home: Path, *, model_host: ModelHost | None = None, **environ: str) -> ProviderRegistry:
    """Return what the settings of an empty home make of these variables."""
    variables = {"COTERIE_HOME": str(home), **environ}
    loaded = LiveSettings(variables, ()).loaded
    return ProviderRegistry(implied=partial(implied_provider, loaded=loaded, environ=variables), environ=variables, model_host=model_host)


@pytest.mark.parametrize(
    ("model", "environ", "kind"),
    [
        ("groq/llama-3.3-70b-versatile", {"GROQ_API_KEY": CANARY}, "litellm"),
        ("together_ai/some/model", {"TOGETHERAI_API_KEY": CANARY}, "litellm"),
        ("bedrock/anthropic.claude", {}, "litellm"),
        ("vertex_ai/gemini-2.5-pro", {}, "litellm"),
        ("gemini/gemini-2.5-pro", {"GOOGLE_API_KEY": CANARY}, "litellm"),
        ("anthropic/claude-sonnet-4-5", {"ANTHROPIC_API_KEY": CANARY}, "anthropic"),
        ("openai/gpt-5", {"OPENAI_API_KEY": CANARY}, "openai_compatible"),
        ("ollama/qwen3:4b", {}, "ollama"),
    ],
)
def test_a_vendor_is_there_by_its_name(tmp_path: Path, model: str, environ: dict[str, str], kind: str) -> None:
    known = registry(tmp_path, **environ)
    choice = known.choose(model)
    assert (choice.id, choice.model) == (model, model.partition("/")[2])
    assert [(view.id, view.type) for view in known.list()] == [(model.partition("/")[0], kind)]


@pytest.mark.parametrize(
    ("model", "variable"), [("gemini/x", "GEMINI_API_KEY"), ("anthropic/x", "ANTHROPIC_API_KEY"), ("azure/x", "AZURE_API_KEY")]
)
def test_the_variable_that_is_missing_is_named(tmp_path: Path, model: str, variable: str) -> None:
    with pytest.raises(ProviderError, match=variable) as refused:
        registry(tmp_path).choose(model)
    assert refused.value.kind == "auth_required"


def test_a_key_in_the_vault_is_a_key(tmp_path: Path) -> None:
    data = LiveSettings({"COTERIE_HOME": str(tmp_path)}, ()).loaded.places.data
    data.mkdir(parents=True)
    (data / VAULT_NAMES).write_text('{"groq/api_key": "2026-01-01T00:00:00Z"}', encoding="utf-8")
    known = registry(tmp_path)
    assert known.choose("groq/x").id == "groq/x"


def test_any_other_name_is_nobody(tmp_path: Path) -> None:
    known = registry(tmp_path, GROQ_API_KEY=CANARY)
    with pytest.raises(RequestError) as refused:
        known.choose("nowhere/x")
    assert refused.value.code == "no_provider"
    known.choose("groq/x")
    with pytest.raises(RequestError) as refused:
        known.choose("nowhere/x")
    assert refused.value.code == "unknown_provider"


async def test_only_a_model_that_needs_the_process_has_it_started_ahead(tmp_path: Path) -> None:
    host = ModelHost({"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, command=(sys.executable, "-P", mortal_host.__file__))
    known = registry(tmp_path, model_host=host, ANTHROPIC_API_KEY=CANARY)
    try:
        known.warm(["anthropic/x", "nowhere/x"])
        assert not host.is_wanted
        known.warm(["gemini/x"])
        assert host.is_wanted
        assert known.list() == (), "nothing is registered by looking ahead"
    finally:
        await host.aclose()
