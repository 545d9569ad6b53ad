"""A key in a settings file gives way to a reference; everything else in the file stays as the person wrote it."""

import tomllib

import pytest

from coterie.config.literals import with_reference

KEY = "sk-canary-5f3a"
REFERENCE = "vault://team/api_key"


@pytest.mark.parametrize(
    "text",
    [
        f'[providers.work]\nbase_url = "http://h/v1"\napi_key = "{KEY}" # mine\n',
        f"# {KEY} is not this one\n[providers.work]\r\napi_key='{KEY}'\r\n",
        f'providers.work = {{ type = "anthropic", api_key = "{KEY}" }}\n',
        f'[providers]\n"work".api_key = "{KEY}"\n',
        f'[providers.other]\napi_key = "{KEY}"\n[providers.work]\napi_key = "{KEY}"\n',
        f'[providers.work]\napi_key = """{KEY}"""\n',
        '[providers.work]\napi_key = "sk-\\u0063anary-5f3a"\n',
    ],
)
def test_one_string_is_exchanged(text: str) -> None:
    changed = with_reference(text, "work", KEY, REFERENCE)
    assert changed is not None
    was, said = (tomllib.loads(each.replace("\r\n", "\n")) for each in (text, changed))
    was["providers"]["work"]["api_key"] = REFERENCE
    assert said == was
    assert len(changed) - len(text) in {len(REFERENCE) - len(KEY), len(REFERENCE) - len("sk-\\u0063anary-5f3a")}, "nothing else moved"


@pytest.mark.parametrize(
    "text",
    [
        '[providers.work]\napi_key = "another"\n',
        f'[providers.work]\napi_key = """\n{KEY}"""\n',
        '[providers.work]\nbase_url = "http://h/v1"\n',
        'providers = "work"\n',
        "[providers.work\n",
        "",
    ],
)
def test_what_cannot_be_exchanged_safely_is_left(text: str) -> None:
    assert with_reference(text, "work", KEY, REFERENCE) is None
