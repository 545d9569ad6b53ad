"""No token is lost to a host that misbehaves, on any wire: the run goes on, and only the whole answer counts."""

from pathlib import Path

import pytest
from typing_extensions import override

from agent_scripts import project
from agent_stage import ScriptedModel, staged
from bad_hosts import WORSE, config_of, patience
from coterie.domain.events import MessageDelta, MessageDiscarded, MessageEvent
from coterie.domain.model_ports import ModelChoice, Unavailable
from coterie.providers.model_host import ModelHost
from coterie.providers.registry import ProviderRegistry
from raw_http_server import raw_http_server
from wires import HostWire

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]  # the first waits for the import of LiteLLM


class Registered(ScriptedModel):
    """A registry in the place of the script."""

    def __init__(self, registry: ProviderRegistry) -> None:
        super().__init__({})
        self._registry = registry

    @override
    def choose(self, model_id: str) -> ModelChoice:
        return self._registry.choose(model_id)

    @override
    def default_model(self) -> str:
        return "work/one"

    @override
    def settled(self, model_id: str, failure: Exception | None) -> None:
        self._registry.settled(model_id, failure)

    @override
    def unavailable(self, model_id: str) -> Unavailable | None:
        return self._registry.unavailable(model_id)


@pytest.mark.parametrize("bad", WORSE)
async def test_the_run_goes_on_and_only_the_whole_answer_counts(wire: HostWire, bad: str, model_host: ModelHost, tmp_path: Path) -> None:
    project(tmp_path / "project")
    good = wire.answer(wire.text("Whole again."))
    async with raw_http_server(wire.host_of(WORSE[bad](wire), good)) as server:
        registry = ProviderRegistry([config_of(wire, server.url, patience_s=patience(bad, wire))], model_host=model_host)
        # On a machine that is busy with something else even the good answer may seem to stall.
        retry = {"retry": {"attempts": 20, "base_ms": 1, "max_ms": 1}}
        async with staged(tmp_path / "home", tmp_path / "project", {}, model=Registered(registry), settings=retry) as stage:
            end = await stage.play("Say something")
            assert end.state == "succeeded", end.text
            said = [event for event in stage.listener.of(MessageEvent) if event.role == "assistant"]
            assert [message.text for message in said] == ["Whole again."]
            shown = {delta.message_id for delta in stage.listener.of(MessageDelta)} - {said[0].message_id}
            assert shown <= {gone.message_id for gone in stage.listener.of(MessageDiscarded)}, "what was shown of the first is taken back"
        await registry.aclose()
