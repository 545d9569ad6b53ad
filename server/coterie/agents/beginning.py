"""What a step's conversation begins with: its system text and tools, and the first message with all that goes along.

`agents.team` asks for each attempt of a step; `agents.loop` and `agents.external` go on from the `Opening`. What stays the same in all
requests of a conversation is journalled before anything is said in it. A conversation that goes on keeps what it began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from coterie.agents import handover
from coterie.agents.crew import Crew
from coterie.agents.history import Conversation
from coterie.agents.live_run import LiveRun
from coterie.agents.loop import Opening
from coterie.agents.orienting import Orientation, orientation
from coterie.agents.templates import TEMPLATES
from coterie.agents.workflow import StepSpec
from coterie.context import attaching, collect
from coterie.context.amending import amendments
from coterie.context.assemble import system_text
from coterie.context.briefing import Briefing, briefed, takes
from coterie.context.collect import Listing
from coterie.context.marking import attached_before, is_held, seen_elsewhere, shows_folder, without_dropped
from coterie.context.pinning import fitted
from coterie.context.task import PART, Excerpt, Task, first_message, replacing
from coterie.context.thread import standing
from coterie.domain.edits import digest_of
from coterie.domain.events import Event, StepEvent, WarningEvent
from coterie.domain.messages import Message, ToolSpec, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import ConversationRecord, EventRecord
from coterie.domain.runs import Attachment
from coterie.domain.wire import Json
from coterie.workspace.uris import path_of, same_folder


@dataclass(frozen=True, slots=True)
class Beginning:
    """Begins one attempt of a step, or finds how a resumed run had begun it. ``choice`` is the model that is asked first."""

    run: LiveRun
    crew: Crew
    spec: StepSpec
    step: StepEvent
    choice: ModelChoice

    async def opening(self, tools: Sequence[ToolSpec], *, is_external: bool) -> Opening:
        """Return what the conversation starts from, with those of ``tools`` that it began with, also before a crash.

        An external agent finds its way by itself. It has a prompt and tools of its own, and gets of ours the rules and the notes alone, as
        they are now.
        """
        return await self._opened(tools, self._begun, is_external=is_external)

    async def _opened(self, tools: Sequence[ToolSpec], begun: Conversation | None, *, is_external: bool = False) -> Opening:
        """Return what the conversation goes on from that had ``begun``, or what a new one starts from."""
        crew, agent = self.crew, TEMPLATES[self.spec.agent]
        is_new = not is_external and self.step.attempt == 1 and not (begun is not None and begun.messages)
        prompt, own_tools = ("", ()) if is_external else (agent.prompt, tools)
        briefing = briefed(crew.rules, crew.memory, self.choice, prompt, own_tools, limit=self._limit)
        record = begun.record if begun is not None else await self._record(tools, briefing, await self._sent())
        await self.run.event(*self._untold)
        system = system_text("", briefing.rules, briefing.memory) if is_external else await self.run.text(record.system)

        async def first() -> UserMessage:
            sent = await self._sent()
            shown = shows_folder(sent) and self._left is None
            listing = None if shown else await collect.listing_of(crew.workspace, self.run.row.request.folder)
            if listing is not None and is_external:  # what it writes elsewhere than in its copy of the one folder no undo knows
                listing = replace(listing, beside=())
            around = await self._orientation(listing, sent) if is_new and agent.finds_its_way else Orientation()
            return await self._first(around, listing, () if is_external else amendments(briefing.rules, system, sent))

        return Opening(
            system=system,
            tools=tuple(tool for tool in tools if tool.name in record.tools),
            before=crew.before,
            marks=crew.marks,
            first=await first(),
            first_anew=first,
            anew=None if is_external else partial(self._opened, tools, None),
        )

    @property
    def _begun(self) -> Conversation | None:
        return self.run.history.conversations.get((self.spec.step_id, self.step.attempt))

    @property
    def _left(self) -> str | None:
        """Return the URI of the folder that the conversation was about before, where the run works in another one."""
        was, now = self.crew.before.folder, self.run.row.request.folder
        return None if was is None or now is None or same_folder(was, now) else was

    @property
    def _untold(self) -> Sequence[Event]:
        """Return the step where nobody was told that it began, by whatever model it went on before a crash."""
        latest = self.run.history.steps.get(self.step.step_id)
        return [] if latest is not None and replace(latest, model=self.step.model) == self.step else [self.step]

    @property
    def _limit(self) -> int | None:
        return self.crew.models.learned.usual_limit(self.choice)

    async def _record(self, tools: Sequence[ToolSpec], briefing: Briefing, sent: Sequence[Message]) -> ConversationRecord:
        """Journal what stays the same in all requests of the conversation."""
        run, step, agent = self.run, self.step, self.spec.agent
        told: list[Event] = [*self._untold]
        texts: list[str] = []
        names = tuple(tool.name for tool in tools)
        if (earlier := await self._earlier(tools, briefing, sent)) is not None:
            system, names = earlier.system, earlier.tools
        else:
            text = system_text(TEMPLATES[agent].prompt, briefing.rules, briefing.memory)
            texts.append(text)
            system = digest_of(text)
            told += [WarningEvent(code="rules", text=briefing.warning)] if briefing.warning is not None else []
        record = ConversationRecord(step_id=step.step_id, attempt=step.attempt, agent=agent, system=system, tools=names)
        await run.record(record, *(EventRecord(event=event) for event in told), texts=texts)
        return record

    async def _earlier(self, tools: Sequence[ToolSpec], briefing: Briefing, sent: Sequence[Message]) -> ConversationRecord | None:
        """Return what an earlier run of the conversation began with, where this one can go on with it: the hosts' prompt caches hold then.

        Best is one that tells the rules as they are, by itself or with what was said since: what is sent now first, then what was sent
        before a summary. Where there is none, what has changed in them goes along with the person's message; but behind a summary, which
        hosts have to read anew, a conversation begins with them, so that nothing is sent in two versions.
        """
        begun, going_on = self.crew.begun, None
        for record in (*begun.since, *begun.earlier):
            system = await self.run.text(record.system)
            if takes(self.choice, system, tools, self._limit):
                if not amendments(briefing.rules, system, sent):
                    return record
                going_on = going_on or (record if record in begun.since else None)
        return going_on

    async def _orientation(self, listing: Listing | None, sent: Sequence[Message]) -> Orientation:
        crew, request = self.crew, self.run.row.request
        around = await orientation(
            crew.place,
            replace(request, attachments=(*request.attachments, *await self._wanted())),
            listing,
            policy=crew.approvals.policy,
            settings=crew.context,
            limit=self._limit,
            prior=() if self._left is not None else sent,
        )
        if around.missing is not None and listing is not None:
            text = f"The agent begins without a map of the project and the code that fits your words. {around.missing}"
            await self.run.event(WarningEvent(code="no_map", text=text))
        return around

    async def _wanted(self) -> Mapping[Attachment, Excerpt]:
        """Read the files that are to stay, that nobody has attached now, and that the conversation does not hold as they are."""
        workspace, request, held = self.crew.workspace, self.run.row.request, await self._held()
        pinned = await attaching.pinned_files(workspace, (await self.crew.marks()).files, request.folder)
        read = fitted(tuple(pinned.values()), self._limit)
        attached = {file.path for file in await attaching.attachments_of(workspace, request) if file.reason != PART}
        files = zip(pinned, read, strict=True)
        return {Attachment(uri=uri): file for uri, file in files if file.path not in attached and not is_held(held, file.path, file.text)}

    async def _held(self) -> Mapping[str, str]:
        """Return the files that the conversation shows, by the paths that they have where the run works."""
        held = attached_before(await self._sent())
        return held if self._left is None else seen_elsewhere(held)

    async def _sent(self) -> tuple[Message, ...]:
        """Return the messages of the conversation before that are sent, a summary by itself: nobody said that."""
        before, step = self.crew.before, self.step
        own = [each for each in self.run.history.compactions if (each.step_id, each.attempt) == (step.step_id, step.attempt)]
        thread = without_dropped(standing(before.said, (*before.compactions, *own)), await self.crew.marks())
        return tuple(placed.message for placed in thread)

    async def _first(self, around: Orientation, listing: Listing | None, rules: tuple[Excerpt, ...]) -> UserMessage:
        workspace, request, held = self.crew.workspace, self.run.row.request, await self._held()
        latest, kinds = self.run.history.latest, [*self.spec.needs]
        if self.spec.makes == "patch" and self.step.attempt > 1:
            kinds += ["patch", "findings", "testrun"]
        made = {kind: latest(kind) for kind in kinds}
        artifacts: dict[str, Json] = {kind: handover.for_model(value) for kind, value in made.items() if value is not None}
        return first_message(
            Task(
                prompt=request.prompt,
                rules=rules,
                folder=None if listing is None else collect.folder_facts(listing, self._left and path_of(self._left)),
                map=around.map,
                code=around.code,
                attachments=replacing((*await attaching.attachments_of(workspace, request), *(await self._wanted()).values()), held),
                selection=await attaching.selection_of(workspace, request),
                artifacts=artifacts,
                note=_note(self.spec, self.step.attempt),
            )
        )


def _note(spec: StepSpec, attempt: int) -> str | None:
    notes = []
    if spec.writes:
        notes.append(f"You may write only {', '.join(spec.writes)}.")
    if spec.makes == "patch" and attempt > 1:
        notes.append("Your patch above is in the files. Mend what the review and the tests found in it, then submit again.")
    return " ".join(notes) or None
