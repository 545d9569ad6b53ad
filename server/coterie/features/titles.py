"""Names a chat after its first answer, by the small model where one is configured, else its first line stays its title.

Each client's core has one, which follows the runs that are at home there. A title comes in a call of its own after the run's end, so that
nothing waits for it; its use is counted with the run. The fallbacks of the settings go on where it fails; where they do too, or where the
person has named the chat meanwhile, the title stays.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from typing_extensions import override

from coterie.agents.choosing import chain_of, discovering
from coterie.agents.quiet_call import QuietCall, first_answer
from coterie.base.errors import CoterieError
from coterie.base.tasks import TaskSupervisor
from coterie.config.schema import Settings
from coterie.domain.chat_commands import command_in
from coterie.domain.events import AgentEvent, RunEvent
from coterie.domain.messages import ModelRequest, UserMessage
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import ChannelStore, RunStore, UsageStore
from coterie.features.channel_news import ChannelNews
from coterie.features.listener import Listener
from coterie.features.runs import NEW_CHAT, TITLE_LENGTH, title_of

AGENT = "titles"
"""Under this name its use is counted, and a recording answers (see `coterie.providers.replay`)."""
SHOWN_CHARACTERS = 2_000
MAX_TOKENS = 64
_SYSTEM = "You name conversations. Answer with a title of at most six words, in the language of the conversation, and nothing else."
_MARKS = re.compile(r"^[\s#*_\"'`“”«»„]+|[\s*_\"'`“”«»„.]+$")

log = logging.getLogger(__name__)


class Titles(Listener):
    """Writes titles, where the settings of now name a small model; ``at_home`` says whose runs are ours."""

    def __init__(
        self,
        *,
        runs: RunStore,
        channels: ChannelStore,
        usage: UsageStore,
        providers: Providers,
        news: ChannelNews,
        tasks: TaskSupervisor,
        settings: Callable[[], Settings],
        at_home: Callable[[str], bool],
    ) -> None:
        self._runs = runs
        self._channels = channels
        self._usage = usage
        self._providers = providers
        self._news = news
        self._tasks = tasks
        self._settings = settings
        self._at_home = at_home

    @override
    def tell(self, event: AgentEvent) -> None:
        """Begin a title when a run has succeeded."""
        match event.event:
            case RunEvent(state="succeeded") if event.run_id is not None and self._settings().small_model is not None:
                if self._at_home(event.run_id) and not self._tasks.closed:
                    self._tasks.spawn(self._name(event.run_id), name=f"title after {event.run_id}")
            case _:
                pass

    async def _name(self, run_id: str) -> None:
        row = await self._runs.row(run_id)
        if row is None or command_in(row.request.prompt) is not None or not await self._is_unnamed(row):
            return
        settings, providers = self._settings(), self._providers
        try:
            chain = await discovering(providers, lambda: chain_of(AGENT, settings, providers, asked=settings.small_model))
            title, _ = await first_answer(chain, providers, lambda choice: self._ask(row, choice))
        except CoterieError as failure:
            log.info("no title: %s", failure.message)
            return
        channel = await self._channels.get(row.channel_id)
        if title and channel is not None and await self._is_unnamed(row):
            await self._channels.update(replace(channel, title=title), "title")
            self._news.touched(row.channel_id)

    async def _is_unnamed(self, row: RunRow) -> bool:
        """Say whether this is the channel's first run, and the title nobody's."""
        channel = await self._channels.get(row.channel_id)
        rows = await self._runs.rows(channel_id=row.channel_id, limit=2)
        return channel is not None and len(rows) == 1 and channel.title in {NEW_CHAT, title_of(row.request.prompt)}

    async def _ask(self, row: RunRow, choice: ModelChoice) -> str:
        said = (await self._channels.history(row.channel_id)).messages
        answer = next((message.text for message in reversed(said) if message.role == "assistant" and message.text), "")
        request = ModelRequest(
            model=choice.model,
            system=_SYSTEM,
            messages=(UserMessage(text=f"{row.request.prompt[:SHOWN_CHARACTERS]}\n\n---\n\n{answer[:SHOWN_CHARACTERS]}"),),
            max_output_tokens=MAX_TOKENS,
            temperature=choice.temperature,
            top_p=choice.top_p,
            extra=choice.extra or {},
            run=row.run_id,
            agent=AGENT,
        )
        return clean(await QuietCall(choice, self._usage, row.run_id, row.channel_id).answer(request))


def clean(answer: str) -> str:
    """Return what of a model's answer is a title: its first line, without marks around it, not too long."""
    line = next((line for line in answer.splitlines() if line.strip()), "")
    return title_of(_MARKS.sub("", line))[:TITLE_LENGTH]
