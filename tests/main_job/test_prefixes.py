"""Ten turns over real wires, with everything that comes along in a day: each request begins with the bytes of the one before.

Hosts bill what they have read before at a tenth, as long as not a byte of it differs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import Served, Wire, served, settings

STEERED = 5


@dataclass
class Talker:
    """A model that reads a file and lists the folder in each turn before it answers; in one turn it waits in the middle of a call."""

    wire: Wire
    steered: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0

    def __call__(self, asked: Asked) -> Reply:
        """Answer by what has been called since the person spoke."""
        if not asked.tools:
            return answer(self.wire, "## Goal\n- look", number=asked.number)
        if not asked.last.answers:
            calls = (("read_file", {"path": "calc.py"}), ("search", {"query": "add"}))
            return answer(self.wire, "I look.", *calls, number=asked.number, hold=self.steered if self.turn == STEERED else None)
        if len(asked.last.answers) == 2:
            return answer(self.wire, "And more.", ("list_files", {}), number=asked.number)
        return answer(self.wire, f"Turn {self.turn}. {'word ' * 150}", number=asked.number)


def read(bodies: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Return what a model reads of requests, in the order in which it does; marks of where to cache are no part of it."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(each) for name, each in value.items() if name != "cache_control"}
        return [bare(each) for each in value] if isinstance(value, list) else value

    parts = [[*body["tools"], body.get("system"), *body["messages"]] for body in bodies if body.get("tools")]
    return [b"\n".join(json.dumps(bare(each)).encode() for each in part) for part in parts]


def shares(requests: Sequence[bytes]) -> tuple[float, int]:
    """Return which part of each request the next one repeats, all together, and how often one does not begin with the one before."""
    same = [next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one)) for one, two in pairwise(requests)]
    breaks = sum(repeated < len(one) for repeated, one in zip(same, requests, strict=False))
    return sum(same) / sum(map(len, requests[:-1])), breaks


async def speaking(editor: Served, run_id: str) -> None:
    """Wait until a run's model says something."""
    await editor.client.eventually(lambda: bool(editor.events(run_id, "message_delta")))


async def ten_turns(editor: Served, talker: Talker) -> None:
    """Post ten times: rules change twice, a file that is attached changes and is pinned later, and a turn is steered."""
    rules, note = editor.project / "AGENTS.md", editor.project / "note.txt"
    rules.write_text("Use tabs.\n" * 50, encoding="utf-8")
    calc = editor.project / "calc.py"
    calc.write_text(calc.read_text(encoding="utf-8") + "# a line\n" * 150, encoding="utf-8")
    channel = {"channelId": (await editor.client.request("agent/channel/open", {"title": "Ten"}))["channelId"]}
    for turn in range(10):
        talker.turn = turn
        if turn in {4, 7}:
            rules.write_text(f"Use blanks {turn}.\n" * 50, encoding="utf-8")
        along = []
        if turn in {3, 6, 9}:
            note.write_text(f"note {turn}\n" * 30, encoding="utf-8")
            along = [{"uri": note.as_uri()}]
        if turn == 8:
            await editor.client.request("agent/context/pin", {**channel, "uri": note.as_uri()})
        posted = await editor.client.request("agent/channel/post", {**channel, "text": f"Turn {turn}.", "attachments": along})
        if turn == STEERED:
            await speaking(editor, posted["runId"])
            steer = await editor.client.request("agent/channel/post", {**channel, "text": "And mind the sign."})
            assert steer["runId"] == posted["runId"]
            talker.steered.set()
        assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
        view = await editor.client.request("agent/context/inspect", channel)
        assert sum(each["tokens"] for each in view["pieces"]) == view["used"] == sum(each["tokens"] for each in view["segments"])


@pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])
@pytest.mark.parametrize(("window", "least", "breaks"), [(None, 1.0, 0), (16_000, 0.9, 1)], ids=["large", "outgrown once"])
async def test_what_was_sent_is_sent_again_as_it_was(tmp_path: Path, wire: Wire, window: int | None, least: float, breaks: int) -> None:
    talker = Talker(wire)
    async with model_host(wire, talker) as host:
        options = settings(host.url, wire)
        if window is not None:
            options["providers"]["work"]["contextTokens"] = window
        async with served(tmp_path, options) as editor:
            await ten_turns(editor, talker)
        requests = read([exchange.request.json() for exchange in host.server.exchanges])
    assert len(requests) >= 30
    share, broken = shares(requests)
    assert share >= least
    assert broken == breaks
