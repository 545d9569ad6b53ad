"""BotServer as a provider: a task is classified, executed and followed to its end; a query goes to one agent.

Nothing of a task is begun twice: once ``execute`` may have been accepted, a failure is one that nobody repeats (see
`coterie.base.errors.ProviderError`), and where the settings have another model, that one goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, Message, ModelRequest, Produced, StreamEvent, TextDelta, ThoughtDelta, UserMessage
from coterie.domain.status import ModelView
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.botserver.feed import feed
from coterie.providers.botserver.routing import MODELS, QUERY_AGENTS, route
from coterie.providers.botserver.work import Work
from coterie.providers.characters import WholeCharacters
from coterie.providers.config import ProviderConfig, Timeouts
from coterie.providers.contract import BaseProvider
from coterie.providers.failures import Host
from coterie.providers.fields import text
from coterie.providers.keys import Keys
from coterie.providers.transport import HttpCall, Transport

ARTIFACT = "botserver"
"""The type of the artifacts that tell of a task or a query."""
HEALTH = "/health"
_HEALTH_S = 5.0
_LAST_WORD_S = 1.0
_NOT_BEGUN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
"""Refusals behind which nothing was begun: behind a gateway's others the work may go on."""


class BotServer(BaseProvider):
    """Implements `coterie.domain.model_ports.Provider`."""

    version = "botserver"

    def __init__(self, config: ProviderConfig, transport: Transport, *, keys: Keys | None = None) -> None:
        super().__init__(config)
        self._transport = transport
        self._keys = keys or Keys()

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Do a task or answer a query; see `coterie.domain.model_ports.Provider.stream`.

        The farm hears the latest words of the person alone.
        """
        said = _latest(request.messages)
        number = route(request.model)
        events = self._query(request.model, QUERY_AGENTS[number], said) if number in QUERY_AGENTS else self._task(request.model, said)
        key = (await self._keys.revealed(self._config)).api_key
        characters = WholeCharacters(key.value if key is not None else None)
        async with aclosing(events):
            try:
                async for event in events:
                    for told in characters.feed(event):
                        yield told
            except ProviderError as failure:
                raise _for_another(failure) from failure
        for told in characters.feed(Finished("stop")):
            yield told

    @override
    async def connect(self) -> None:
        """See whether the farm is there and lets us in: any answer shows that it is, also that it has no page for this."""
        quick = Timeouts(connect_s=_HEALTH_S, first_token_s=_HEALTH_S, idle_s=_HEALTH_S)
        try:
            await self._transport.content(replace(await self._call("", HEALTH), timeouts=quick))
        except ProviderError as failure:
            if failure.kind == "auth_required" or failure.status is None or failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        self._is_connected = True

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the names by which tasks and queries are given; the farm is not asked for them."""
        names = self._config.models or MODELS
        return tuple(ModelView(id=f"{self.name}/{name}", provider=self.name, capabilities=self.capabilities) for name in names)

    async def _query(self, model: str, agent: str, said: str) -> AsyncGenerator[StreamEvent, None]:
        call = await self._call(model, f"/api/botcoder/{agent}/query", {"query": said})
        answer = await self._acted(call)
        output, exit_code, metadata = answer.get("output"), answer.get("exit_code"), answer.get("metadata")
        if output is None or not (exit_code is None or isinstance(exit_code, int)):
            raise _unrepeatable(failures.malformed(call.host, json.dumps(answer)))
        told = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
        value: dict[str, Json] = {
            "agent": agent,
            "output": told,
            "exit_code": exit_code,
            "metadata": metadata if isinstance(metadata, dict) else {},
        }
        yield Produced(ARTIFACT, _storable(value))
        yield TextDelta(told.strip() or f"The {agent} agent has nothing to say.")
        if exit_code:
            yield TextDelta(f"\n\nIt ended with exit code {exit_code}.")

    async def _task(self, model: str, said: str) -> AsyncGenerator[StreamEvent, None]:
        call = await self._call(model, "/api/autotask/classify", {"text": said})
        classified = await self._transport.document(call)
        work = Work(intent=text(classified, "intent_type"))
        if not work.intent:
            raise failures.malformed(call.host, json.dumps(classified))
        yield ThoughtDelta(f"classify: {call.host.quote(work.intent)}\n")
        call = await self._call(model, "/api/autotask/execute", classified)
        accepted = await self._acted(call)
        if not isinstance(accepted.get("success"), bool):
            raise _unrepeatable(failures.malformed(call.host, json.dumps(accepted)))
        for line in work.answered(accepted):
            yield ThoughtDelta(f"{call.host.quote(line)}\n")
        if work.outcome is None and not work.task_id:
            raise _unrepeatable(failures.malformed(call.host, json.dumps(accepted)))
        try:
            if work.outcome is None:
                async with aclosing(self._followed(model, work)) as lines:
                    async for line in lines:
                        yield ThoughtDelta(f"{line}\n")
        except ProviderError as failure:
            yield _artifact(work, "lost")
            raise _lost(call.host, work, failure) from failure
        if work.outcome == "failed":
            yield _artifact(work, "failed")
            raise _given_up(call.host, work)
        yield _artifact(work, "completed")
        yield TextDelta(work.report())

    async def _followed(self, model: str, work: Work) -> AsyncGenerator[str, None]:
        """Follow a task until it is over; yield a line for each thing that it tells."""
        call = await self._call(model, f"/ws/task-progress/{quote(work.task_id, safe='')}")
        shown = ""
        async with feed(call) as messages:
            while work.outcome is None and (message := await _word(messages, work)) is not None:
                line = call.host.quote(work.told(message))
                if line and line != shown:
                    shown = line
                    yield line
        work.closed()
        if work.outcome is None:
            raise failures.truncated(call.host)

    async def _acted(self, call: HttpCall) -> dict[str, Json]:
        """Make a call that has the farm do something. Raises `ProviderError`, not to be repeated where it may have begun to."""
        try:
            return await self._transport.document(call)
        except ProviderError as failure:
            if not failure.reached or failure.status in _NOT_BEGUN:
                raise
            raise _unrepeatable(failure) from failure

    async def _call(self, model: str, path: str, body: Mapping[str, Json] | None = None) -> HttpCall:
        config = await self._keys.revealed(self._config)
        host = Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)
        if (missing := failures.key_failure(host, wanted=False)) is not None:
            raise missing
        headers = {"authorization": f"Bearer {config.api_key.value}"} if config.api_key else {}
        if body is not None:
            headers["content-type"] = "application/json"
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode(errors="replace")
        return HttpCall(host=host, url=f"{config.base_url.rstrip('/')}{path}", headers=headers, body=sent, timeouts=config.timeouts)


def _latest(messages: Sequence[Message]) -> str:
    """Return what the person said since anything was answered; behind the results of tools, what was said last."""
    said: list[str] = []
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            said.append(message.request)
        elif said:
            break
    return "\n\n".join(reversed(said))


async def _word(messages: AsyncIterator[dict[str, Json]], work: Work) -> dict[str, Json] | None:
    """Return the next message, None behind the last one. When every stage is done, what was made may be told still, or nothing."""
    if not work.is_through:
        return await anext(messages, None)
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(_LAST_WORD_S):
            return await anext(messages, None)
    return None


def _artifact(work: Work, status: Literal["completed", "failed", "lost"]) -> Produced:
    return Produced(ARTIFACT, _storable(work.artifact(status)))


def _storable(value: Mapping[str, Json]) -> dict[str, Json]:
    """Return a value that can be kept: halves of characters and numbers that are none have no JSON that all can read."""
    whole = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    kept: dict[str, Json] = json.loads(whole, parse_constant=lambda _: None)
    return kept


def _lost(host: Host, work: Work, failure: ProviderError) -> ProviderError:
    done = host.quote(f", behind {', '.join(work.stages)}") if work.stages else ""
    where = f"That was in the middle of task {host.quote(work.task_id)}{done}."
    return _unrepeatable(failure, f"{failure.message} {where} The task may go on there; it is begun anew only when the run is resumed.")


def _given_up(host: Host, work: Work) -> ProviderError:
    task = f" with task {host.quote(work.task_id)}" if work.task_id else ""
    words = f" It says: {host.quote(work.message)}" if work.message else ""
    return ProviderError(f"{host.name} failed{task}.{words}", kind="transient", code="task_failed", repeatable=False)


def _unrepeatable(failure: ProviderError, message: str | None = None) -> ProviderError:
    return ProviderError(
        message or failure.message, kind=failure.kind, status=failure.status, code=failure.code, reached=failure.reached, repeatable=False
    )


def _for_another(failure: ProviderError) -> ProviderError:
    """Return a failure as what it means for a chain: what this host does not understand, hosts of another kind may well."""
    if failure.kind != "bad_request":
        return failure
    return ProviderError(failure.message, kind="transient", status=failure.status, reached=failure.reached, repeatable=False)
