"""What hosts have shown outlives the server and is there for others, in a small file that may be damaged and holds nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent_stage import Fails, says
from coterie.agents.lessons import FILE, MOST, KeptLessons
from coterie.base.errors import ProviderError
from coterie.base.ids import now
from coterie.context.assemble import request_bytes
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import Usage
from coterie.providers.config import ApiKey, ProviderConfig
from talking import talking

TOO_LONG = ProviderError("Too long.", kind="context_overflow", status=400)


def model(name: str = "work/m1", window: int | None = None, settings: str = "") -> ModelChoice:
    return ModelChoice(name, name, name, provider=None, context_tokens=window, settings=settings)  # type: ignore[arg-type]  # nobody is asked


async def kept(folder: Path, *, refused: int = 8_000, choice: ModelChoice | None = None) -> KeptLessons:
    """Learn something and keep it, as a server does that ends."""
    made = KeptLessons(folder)
    made.learned.refused(choice or model(), refused)
    made.learned.answered(choice or model(), 10_000, Usage(input=5_000, output=1))
    await made.aclose()
    return made


async def recalled(folder: Path, at: str | None = None) -> KeptLessons:
    """Begin as the next server does."""
    made = KeptLessons(folder, clock=lambda: at or now())
    await made.read()
    return made


async def test_the_next_server_plans_by_what_this_one_was_shown(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        talk.hosts.bytes_per_token = 3.0
        await talk.grow(3)
        assert (await talk.post("Four?", (Fails(TOO_LONG, 1), *says("Four.")))).state == "succeeded"
        refused, channel = len(request_bytes(talk.hosts.heard("chat")[0])), talk.channel
    async with talking(tmp_path, windows={}) as talk:
        view = await talk.stage.inspector.inspect(channel_id=channel)
        assert view.limit == pytest.approx(0.75 * refused / 3.0, rel=0.02), "people are shown what is planned with"
        talk.channel, talk.hosts.bytes_per_token = channel, 3.0
        for number in range(4):
            assert (await talk.post(f"Post {number}?", says(f"{number} {'word ' * 1_800}"))).state == "succeeded"
            assert [len(request_bytes(request)) < 0.75 * refused for request in talk.hosts.heard("chat")] == [True]
            assert "window_unknown" not in talk.warned


async def test_several_servers_add_to_what_there_is(tmp_path: Path) -> None:
    one, other = KeptLessons(tmp_path), KeptLessons(tmp_path)
    for each, name in ((one, "work/m1"), (other, "work/m2")):
        await each.read()
        each.learned.refused(model(name), 8_000)
    await one.aclose()
    await other.aclose()
    learned = (await recalled(tmp_path)).learned
    assert [learned.taken(model(name)) for name in ("work/m1", "work/m2", "work/m3")] == [6_000, 6_000, None]


async def test_other_settings_of_the_provider_make_another_model(tmp_path: Path) -> None:
    config = ProviderConfig(id="work", type="openai_compatible", base_url="http://127.0.0.1:1/v1", api_key=ApiKey("sk-1", "here"))
    await kept(tmp_path, choice=model(settings=config.digest))
    learned = (await recalled(tmp_path)).learned
    for changes, is_known in (
        ({}, True),
        ({"api_key": ApiKey("sk-2", "there")}, True),
        ({"base_url": "http://127.0.0.1:2/v1"}, False),
        ({"extra": {"num_ctx": 8_192}}, False),
        ({"context_tokens": 8_192}, False),
    ):
        values: dict[str, Any] = {name: getattr(config, name) for name in ("id", "type", "base_url", "api_key")} | changes
        assert (learned.taken(model(settings=ProviderConfig(**values).digest)) is not None) is is_known, changes
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert "127.0.0.1" not in text
    assert "sk-" not in text


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "7",
        "null",
        '{"a": 1}',
        '["a", 1, null, [], {}]',
        '[{"model": 1, "settings": null, "window": "x", "bytesPerToken": "many", "refused": [], "taken": {}, "since": 3}]',
        '[{"model": "work/m1", "settings": "", "window": null, "bytesPerToken": 1e999, "refused": 1, "taken": 2, "since": "x"}]',
        '[{"model": "work/m1", "settings": "", "window": null, "bytesPerToken": NaN, "refused": -1, "taken": -2, "since": "2026-01-01"}]',
        '[{"model": "work/m1", "settings": "", "window": null, "bytesPerToken": null, "refused": 1e999, "taken": 1e999, "since": "NOW"}]',
    ],
)
async def test_a_damaged_file_says_nothing_and_is_written_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / FILE).write_text(damage.replace("NOW", now()), encoding="utf-8")
    learned = (await recalled(tmp_path)).learned
    assert (learned.taken(model()), learned.calibration(model()).bytes_per_token) == (None, 4.0)
    await kept(tmp_path)
    assert (await recalled(tmp_path)).learned.taken(model()) is not None


async def test_it_stays_small_and_holds_the_models_that_were_asked_latest(tmp_path: Path) -> None:
    made = KeptLessons(tmp_path)
    for number in range(MOST + 10):
        made.learned.refused(model(f"work/m{number}"), 8_000)
    made.learned.refused(model("work/m0"), 7_000)
    await made.aclose()
    names = [row["model"] for row in json.loads((tmp_path / FILE).read_text(encoding="utf-8"))]
    assert (len(names), names[0], names[-1]) == (MOST, "work/m11", "work/m0")


@pytest.mark.parametrize(("later", "is_known"), [("2026-01-07T23:00:00.000Z", True), ("2026-01-08T10:00:00.000Z", False)])
async def test_after_a_week_it_is_tried_again_what_a_host_takes(tmp_path: Path, later: str, *, is_known: bool) -> None:
    first, second, third = (KeptLessons(tmp_path, clock=lambda at=at: at) for at in ("2026-01-01T10:00:00Z", "2026-01-06T10:00:00Z", later))
    first.learned.refused(model(), 8_000)
    await first.aclose()
    await second.read()
    second.learned.answered(model(), 12_000, Usage(input=4_000, output=1))
    await second.aclose()
    await third.read()
    learned = third.learned
    assert (learned.taken(model()) is not None) is is_known, "counted from the refusal, and not from the latest answer"
    assert learned.calibration(model()).bytes_per_token == 3.0


@pytest.mark.parametrize(("later", "is_known"), [("2026-01-07T23:00:00Z", True), ("2026-01-08T10:00:00Z", False)])
async def test_a_server_that_lives_for_longer_than_a_week_tries_again_too(tmp_path: Path, later: str, *, is_known: bool) -> None:
    at = ["2026-01-01T10:00:00Z"]
    made = KeptLessons(tmp_path, clock=lambda: at[-1])
    made.learned.refused(model(), 8_000)
    await made.aclose()  # writes
    at.append(later)
    await made.read()
    made.learned.answered(model(), 5_000, Usage(input=1_000, output=1))
    assert (made.learned.taken(model()) is not None) is is_known
    await made.aclose()
    assert ((await recalled(tmp_path, later)).learned.taken(model()) is not None) is is_known, "an answer makes no refusal younger"


async def test_without_a_folder_nothing_is_written() -> None:
    made = KeptLessons()
    made.learned.refused(model(), 8_000)
    await made.read()
    await made.aclose()
    assert made.learned.taken(model()) == 6_000
