"""Hosts on one's own machine need no address in the settings, and Ollama's own variable is read as Ollama reads it."""

import pytest

from coterie.config.addresses import usual_address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104 - read, not bound
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("box", "http://box:11434"),
        ("box:1234", "http://box:1234"),
        ("http://box", "http://box:80"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("[::]:1234", "http://[::1]:1234"),
        ("ftp://box", "http://127.0.0.1:11434"),
        ("box:port", "http://127.0.0.1:11434"),
    ],
)
def test_ollamas_variable(said: str, address: str) -> None:
    assert usual_address("ollama", {"OLLAMA_HOST": said}) == address


def test_only_hosts_of_ones_own_have_a_usual_address() -> None:
    assert usual_address("llama_cpp", {}) == "http://127.0.0.1:8080"
    assert usual_address("openai_compatible", {}) is None
