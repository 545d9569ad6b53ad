"""What may be written into a file of settings, and how it is spelled there."""

import json

import pytest

from coterie.base.errors import InvalidParamsError
from coterie.config.assigning import assigned
from coterie.config.key_paths import dotted, path_of
from coterie.config.layers import LayerName

CANARY = "sk-canary-of-a-setting"


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("model", ("model",)),
        ("smallModel", ("small_model",)),
        ("providers.myHost.baseUrl", ("providers", "myHost", "base_url")),
        ('providers."a.b".lane', ("providers", "a.b", "lane")),
        ("providers.work.extra.topK", ("providers", "work", "extra", "topK")),
        ("providers.work.price.some-model.cacheRead", ("providers", "work", "price", "some-model", "cache_read")),
        ("permissions", ("permissions",)),
    ],
)
def test_a_key_is_spelled_as_in_files(key: str, path: tuple[str, ...]) -> None:
    assert path_of(key) == path
    assert path_of(dotted(path)) == path


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("modle", "Did you mean `model`"),
        ("providers.work.url", "no key `providers.work.url`"),
        ("model.name", "`model` is a value"),
        ("", "names no key"),
        ("model = 1\nsmall_model", "names no key"),
        ("a..b", "names no key"),
        (".".join("a" * 50_000), "none has more than 2000 characters"),
    ],
)
def test_a_key_that_there_is_not(key: str, words: str) -> None:
    with pytest.raises(InvalidParamsError, match=words):
        path_of(key)


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("model", "work/m", "work/m"),
        ("providers.work", {"type": "ollama", "baseUrl": "http://h/", "lane": None}, {"type": "ollama", "base_url": "http://h"}),
        ("providers.work.extra", {"topK": {"inner": 1}}, {"topK": {"inner": 1}}),
        ("budget.usd", "2.50", 2.5),
        ("budget.usd", 3, 3),
        ("permissions.deny", ["exec(rm *)"], ["exec(rm *)"]),
        ("providers.box.api_key", "vault://box/api_key", "vault://box/api_key"),
        ("providers", {"work": {"type": "ollama"}}, {"work": {"type": "ollama"}}),
    ],
)
def test_a_value_is_written_as_files_have_it(key: str, value: object, written: object) -> None:
    assert assigned("user", path_of(key), value) == written


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("model", "no-host", "host/model"),
        ("budget.usd", -1, "greater than or equal to 0"),
        ("providers.work.type", "olama", "Did you mean `ollama`"),
        ("providers.work", {"url": "http://h"}, "no such key"),
        ("agents.codr.model", "a/b", "There is no agent `codr`"),
        ("permissions.allow", ["exec("], "kind"),
        ("providers.work.api_key", "env:", "names no environment variable"),
        ("providers.work.api_key", CANARY, "agent/key/set"),
        ("providers", {"work": {"type": "ollama", "apiKey": CANARY}}, "coterie keys set work"),
        ("providers.work.extra", {"headers": [{"auth": CANARY}]}, "looks like a key"),
        ("mcp.servers.docs.command", ["run", "--token", CANARY], "looks like a key"),
        ("providers.work.base_url", f"http://me:{CANARY}@host/v1", "looks like a key"),
        ("providers.work.extra", {"stop": ["a", None]}, "cannot hold null"),
        (f"providers.work.extra.{'a.' * 500}a", 1, "too deeply"),
        ("providers.work.extra", json.loads('{"a":' * 500 + "1" + "}" * 500), "too deeply"),
    ],
)
def test_what_the_settings_refuse_is_not_written(key: str, value: object, words: str) -> None:
    with pytest.raises(InvalidParamsError, match=words) as refused:
        assigned("user", path_of(key), value)
    assert CANARY not in refused.value.message


@pytest.mark.parametrize("key", ["providers", "budget", "providers.work", "agents.chat.extra"])
@pytest.mark.parametrize("layer", ["user", "project"])
def test_a_table_that_holds_nothing_is_one(layer: LayerName, key: str) -> None:
    assert assigned(layer, path_of(key), {}) == {}


def test_a_project_vouches_for_nobody() -> None:
    with pytest.raises(InvalidParamsError, match="cannot say which folders are trusted"):
        assigned("project", path_of("trust.workspaces"), ["/"])
