"""Calls that belong to no run's agent: which model of a chain is asked, and what is noted of those that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_stage import says
from coterie.agents.choosing import chain_of
from coterie.agents.quiet_call import QuietCall, first_answer
from coterie.base.errors import ProviderError, RequestError
from coterie.config.schema import Settings
from coterie.domain.messages import ModelRequest, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.providers.resilience.breaker import Breakers
from coterie.storage.store import Store
from several_hosts import Hosts

SETTINGS = Settings(small_model="first/model", fallbacks=("second/model", "third/model"))
DOWN = ProviderError("It is down.", kind="transient", status=503)
WRONG = ProviderError("No such thing.", kind="bad_request", status=400)


async def ask(hosts: Hosts, home: Path) -> str:
    """Ask the chain of the small model for a title."""
    store = Store(home)

    async def asked(choice: ModelChoice) -> str:
        request = ModelRequest(model=choice.model, system="", messages=(UserMessage(text="name it"),), agent="chat")
        return await QuietCall(choice, store.usage, "run_1", "channel_1").answer(request)

    try:
        answer, choice = await first_answer(chain_of("titles", SETTINGS, hosts, asked=SETTINGS.small_model), hosts, asked)
    finally:
        await store.aclose()
    return f"{choice.id}: {answer}"


async def test_the_next_model_answers_where_one_fails_and_each_is_asked_once(tmp_path: Path) -> None:
    hosts = Hosts(says("A name"), plays={"first": (DOWN,), "second": (DOWN,)})
    assert await ask(hosts, tmp_path) == "third/model: A name"
    assert hosts.asked == ["first", "second", "third"]


async def test_a_model_that_is_left_alone_is_passed_over_unless_all_are(tmp_path: Path) -> None:
    hosts = Hosts(says("A name"))
    while hosts.unavailable("first/model") is None:
        hosts.settled("first/model", DOWN)
    assert await ask(hosts, tmp_path) == "second/model: A name"
    for name in ("second/model", "third/model"):
        while hosts.unavailable(name) is None:
            hosts.settled(name, DOWN)
    assert await ask(hosts, tmp_path) == "first/model: A name"


async def test_nobody_takes_the_try_of_a_model_that_is_not_called(tmp_path: Path) -> None:
    hosts = Hosts(says("A name"))
    now = 0.0
    hosts.breakers = Breakers(clock=lambda: now)
    while hosts.unavailable("second/model") is None:
        hosts.settled("second/model", DOWN)
    now = 1_000.0  # it may be tried again, once
    assert await ask(hosts, tmp_path) == "first/model: A name"
    assert hosts.unavailable("second/model") is None, "who calls it next tries"


async def test_what_does_whole_tasks_is_not_asked_to_begin_one(tmp_path: Path) -> None:
    hosts = Hosts(says("A name"), plays={"first": (DOWN,)}, farms={"second"})
    assert await ask(hosts, tmp_path) == "third/model: A name"
    assert hosts.asked == ["first", "third"]
    with pytest.raises(RequestError, match="first/model does whole tasks") as nobody:
        await ask(Hosts(says("A name"), farms={"first", "second", "third"}), tmp_path)
    assert nobody.value.code == "no_provider"


@pytest.mark.parametrize(
    ("plays", "said", "asked"),
    [
        ({"first": (WRONG,)}, "No such thing.", ["first"]),
        ({"first": (DOWN,), "second": (DOWN,), "third": (WRONG,)}, "No such thing.", ["first", "second", "third"]),
    ],
    ids=["one that no other host mends", "the last one's"],
)
async def test_the_failure_is_told_after_which_nobody_is_asked(
    plays: dict[str, tuple[ProviderError, ...]], said: str, asked: list[str], tmp_path: Path
) -> None:
    hosts = Hosts(says("A name"), plays=plays)
    with pytest.raises(ProviderError, match=said):
        await ask(hosts, tmp_path)
    assert hosts.asked == asked
