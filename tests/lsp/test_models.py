"""Hosts and their models over the wire: progress of installations, every way to cancel one, and providers that change."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from coterie.domain.status import Capabilities, ProviderView
from coterie.lsp import protocol
from coterie.lsp.frames import Latest
from coterie.lsp.outbound import RichAudience
from coterie.lsp.progress import Progress
from held_back import HeldBack
from lsp_client import RICH, LspClient, ResponseError
from lsp_editor import editor

SHOWS_PROGRESS: Mapping[str, Any] = {**RICH, "window": {"workDoneProgress": True}}
BEGIN = {"kind": "begin", "title": "Install work/m", "cancellable": True, "message": "", "percentage": 0}


def shown(client: LspClient, token: object = None) -> list[dict[str, Any]]:
    """Return what was told of a progress so far."""
    told = [params for method, params in client.notifications if method == "$/progress"]
    return [params["value"] for params in told if token is None or params["token"] == token]


def reported(values: Sequence[Mapping[str, Any]]) -> list[tuple[str, int | None]]:
    return [(value["message"], value.get("percentage")) for value in values if value["kind"] == "report"]


async def test_an_installation_shows_its_progress_under_the_clients_token() -> None:
    async with editor() as client:
        await client.initialize()
        answer = await client.request("agent/model/install", {"model": "work/m", "workDoneToken": "mine"})
        assert answer["model"]["id"] == "work/m"
        values = shown(client, "mine")
        assert values[0] == BEGIN
        assert reported(values) == [
            ("looking", 0),
            ("pulling (30 of 60 MB)", 50),
            ("pulling more (30 of 90 MB)", 50),  # more turned out to be needed: a bar never goes back
            ("success (90 of 90 MB)", 100),
        ]
        assert values[-1] == {"kind": "end", "message": "done"}
        assert client.wanted == [], "the client had agreed to it by giving a token"


async def test_without_a_token_the_server_begins_one_where_the_client_takes_it() -> None:
    async with editor() as client:
        await client.initialize(SHOWS_PROGRESS)
        await client.request("agent/model/install", {"id": "work/m"})
        await client.eventually(lambda: any(value["kind"] == "end" for value in shown(client)))
        (created,) = [params["token"] for method, params in client.wanted if method == "window/workDoneProgress/create"]
        assert shown(client, created)[0]["kind"] == "begin"
        assert shown(client) == shown(client, created)


async def test_a_client_that_shows_no_progress_gets_none() -> None:
    async with editor() as client:
        await client.initialize()
        await client.request("agent/model/install", {"modelId": "work/m"})
        assert shown(client) == []


@pytest.mark.parametrize("way", ["at the progress", "as a request"])
async def test_an_installation_is_cancelled(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with editor() as client:
        await client.initialize()
        request = await client.ask("agent/model/install", {"model": "work/endless", "workDoneToken": 7})
        await client.eventually(lambda: len(shown(client, 7)) == 4)
        if way == "at the progress":
            await client.notify("window/workDoneProgress/cancel", {"token": 7})
        else:
            await client.notify("$/cancelRequest", {"id": request})
        with pytest.raises(ResponseError) as refused:
            await client.result(request)
        assert refused.value.code == -32800
        assert shown(client, 7)[-1] == {"kind": "end", "message": "cancelled"}
        assert "installation of work/endless over" in capsys.readouterr().err, "the host is let go"


async def test_an_installation_that_fails_ends_its_progress_and_says_why() -> None:
    async with editor() as client:
        await client.initialize()
        with pytest.raises(ResponseError) as refused:
            await client.request("agent/model/install", {"model": "work/gone", "workDoneToken": 7})
        assert (refused.value.code, refused.value.data["code"]) == (-32803, "unknown_model")
        assert shown(client, 7)[-1] == {"kind": "end", "message": "failed"}


@pytest.mark.parametrize(
    ("method", "field"),
    [
        *((f"agent/provider/{verb}", "provider") for verb in ("connect", "disconnect", "check")),
        *((f"agent/model/{verb}", "model") for verb in ("install", "unload", "favourite")),
    ],
)
async def test_who_is_meant_has_to_be_said(method: str, field: str) -> None:
    async with editor() as client:
        await client.initialize()
        # Without a provider all of them are looked at.
        nobody = () if method == protocol.PROVIDER_CHECK else ({},)
        for params in (*nobody, {"id": ""}, {field: 3}):
            with pytest.raises(ResponseError, match=field) as refused:
                await client.request(method, params)
            assert refused.value.code == -32602


def test_states_that_follow_each_other_quickly_are_told_as_the_last() -> None:
    sent: list[int] = []
    clock = HeldBack()
    latest = Latest(sent.append, clock.later)
    for state in range(4):
        latest.tell(state)
    assert sent == [0]
    clock.pass_time()
    assert sent == [0, 3]
    latest.tell(4)
    assert sent == [0, 3], "what was held began a pause of its own"
    clock.pass_time()
    clock.pass_time()
    assert sent == [0, 3, 4]
    assert clock.due == []


class Wire:
    """Keeps what is sent to a client."""

    detached = False

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def notify(self, method: str, params: Any) -> None:
        self.sent.append((method, params))

    async def ask(self, method: str, params: Any, *, within_s: float | None) -> Any:
        raise AssertionError((method, params, within_s))

    async def ready(self) -> None:
        """Keep up always."""


def test_a_flapping_provider_is_not_told_each_time() -> None:
    wire, clock = Wire(), HeldBack()
    audience = RichAudience(wire, clock.later)
    for state in ("down", "ready", "down", "ready"):
        audience.providers_changed((ProviderView(id="work", type="ollama", state=state, capabilities=Capabilities()),))  # type: ignore[arg-type]
    clock.pass_time()
    assert [(method, params["providers"][0]["state"]) for method, params in wire.sent] == [
        ("agent/provider/changed", "down"),
        ("agent/provider/changed", "ready"),
    ]


async def test_a_bar_that_nobody_can_measure_has_no_percentage() -> None:
    wire = Wire()

    async def title() -> str:
        return "Work"

    bar = Progress(wire, title, token=1, agreed=True)
    await bar.open()
    bar.report("half")
    assert [params["value"].get("percentage") for _, params in wire.sent] == [None, None]
