"""What the model of a channel or of a run is sent, or would be sent next: asked by ``features.inspector``, shown by ``context.showing``.

Nothing is called and nothing changes. Counts are the estimates that a request would be planned with now.
"""

from __future__ import annotations

from dataclasses import dataclass

from coterie.agents.artifacts import schema_of
from coterie.agents.assembly import Assembly
from coterie.agents.before import conversation_before, decided
from coterie.agents.choosing import chain_of
from coterie.agents.coordinator import Coordinator
from coterie.agents.history import History
from coterie.agents.named import channel_named, run_named
from coterie.agents.reconcile import valid
from coterie.agents.templates import TEMPLATES
from coterie.agents.workflow import StepSpec, find
from coterie.base.errors import ProviderError, RequestError
from coterie.context.assemble import assemble, system_text
from coterie.context.attaching import pinned_files
from coterie.context.briefing import briefed
from coterie.context.pieces import Counting
from coterie.context.pinning import fitted
from coterie.context.showing import PinnedFile, Talk, shown
from coterie.context.thread import NOTHING, Before
from coterie.context.tokens import Calibration, Sizes
from coterie.domain.channels import Channel
from coterie.domain.events import ENDED
from coterie.domain.inspection import ContextView
from coterie.domain.messages import Message, ModelRequest, ToolSpec
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import ConversationRecord
from coterie.domain.runs import RunRow


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where in a channel's story the look falls: the step, the attempt of it, what the journal says of its run, and what was before."""

    step: StepSpec
    attempt: int = 1
    history: History | None = None
    before: Before = NOTHING
    frozen: ConversationRecord | None = None


class Inspection:
    """Looks into conversations. ``assembly`` says what agents of this client work with."""

    def __init__(self, assembly: Assembly, coordinator: Coordinator) -> None:
        self._around = assembly.around
        self._coordinator = coordinator
        self._learned = self._around.lessons.learned

    async def of_channel(self, channel_id: str) -> ContextView:
        """Look at a channel's latest conversation. Raises `RequestError` ``unknown_channel``."""
        channel = await channel_named(channel_id, self._around.channels)
        row = next(iter(await self._around.runs.rows(channel_id=channel_id, limit=1)), None)
        return await self._look(channel_id, channel, row)

    async def of_run(self, run_id: str) -> ContextView:
        """Look at a run's latest conversation. Raises `RequestError` ``unknown_run``."""
        row = await run_named(run_id, self._around.runs)
        return await self._look(row.channel_id, await self._around.channels.get(row.channel_id), row)

    async def _look(self, channel_id: str, channel: Channel | None, row: RunRow | None) -> ContextView:
        await self._around.lessons.read()
        scene = await self._scene(channel, row)
        choice = await self._choice(scene.step, channel, row)
        marks = await decided(self._around.marks, channel_id)
        own = None if scene.history is None else scene.history.conversations.get((scene.step.step_id, scene.attempt))
        system, tools = await self._head(scene.step, scene.frozen if own is None else own.record, row, choice)
        run_id = "" if row is None else row.run_id
        goes_on = row is not None and row.state not in ENDED
        compactions = scene.before.compactions
        if scene.history is not None:
            of_step = [each for each in scene.history.compactions if (each.step_id, each.attempt) == (scene.step.step_id, scene.attempt)]
            compactions = tuple(each for each in (*compactions, *of_step) if each.compaction_id not in scene.history.restored)

        def build(messages: tuple[Message, ...]) -> ModelRequest:
            model = choice or ModelChoice("", "", "", provider=None)  # type: ignore[arg-type]  # nobody is asked
            return assemble(system=system, tools=tools, messages=messages, choice=model, agent=scene.step.agent, call=0)

        limit = None if choice is None else self._learned.limit(choice)
        talk = Talk(
            said=(*scene.before.said, *(valid(own.placed(run_id)) if own is not None else ())),
            compactions=compactions,
            marks=marks,
            task=(run_id, own.numbers[0]) if own is not None and own.numbers and goes_on else None,
            files=await self._files(marks.files, choice, None if row is None else row.request.folder) if not goes_on else (),
            build=build,
        )
        sizes = Sizes()
        await sizes.counted([placed.message for placed in talk.said])
        calibration = Calibration() if choice is None else self._learned.calibration(choice)
        seen = shown(talk, Counting(sizes.message, calibration.tokens), limit)
        return ContextView(
            channel_id=channel_id,
            run_id=run_id or None,
            model=None if choice is None else choice.label,
            limit=limit,
            used=seen.used,
            segments=seen.segments,
            pieces=seen.pieces,
            left_out=seen.left_out,
            compactions=seen.compactions,
            pinned_files=marks.files,
        )

    async def _files(self, uris: tuple[str, ...], choice: ModelChoice | None, folder: str | None) -> tuple[PinnedFile, ...]:
        limit = None if choice is None else self._learned.usual_limit(choice)
        workspace = self._around.workspace
        # The next turn is in another folder where this one is closed.
        pinned = await pinned_files(workspace, uris, folder if workspace.folder(folder or "") else None)
        files = zip(pinned, fitted(tuple(pinned.values()), limit), strict=True)
        return tuple(PinnedFile(uri=uri, path=file.path or uri, text=file.text) for uri, file in files)

    async def _scene(self, channel: Channel | None, row: RunRow | None) -> _Scene:
        around = self._around
        if row is None:
            workflow = find(None, None if channel is None else channel.agent)
            if channel is None:
                return _Scene(workflow.steps[0])
            before, began = await conversation_before(around.runs, around.channels, channel.channel_id, workflow)
            return _Scene(workflow.steps[0], before=before, frozen=began.latest)
        workflow, history = find(row.workflow, row.agent), await self._coordinator.history(row.run_id)
        before, began = await conversation_before(around.runs, around.channels, row.channel_id, workflow, before=row.run_id)
        begun = list(history.conversations)
        step_id, attempt = begun[-1] if begun else (workflow.steps[0].step_id, 1)
        step = next(each for each in workflow.steps if each.step_id == step_id)
        return _Scene(step, attempt, history, before, began.latest)

    async def _choice(self, step: StepSpec, channel: Channel | None, row: RunRow | None) -> ModelChoice | None:
        asked = (None if row is None else row.request.model) or (None if channel is None else channel.model)
        await self._around.providers.ready()
        try:
            return chain_of(step.agent, self._around.loaded().settings, self._around.providers, asked=asked).first
        except (RequestError, ProviderError):
            return None

    async def _head(
        self, step: StepSpec, record: ConversationRecord | None, row: RunRow | None, choice: ModelChoice | None
    ) -> tuple[str, tuple[ToolSpec, ...]]:
        """Return system text and tools: those of the conversation, or those that one would begin with."""
        from coterie.tools.registry import toolbox  # noqa: PLC0415 - all tools: a start would load them for nothing

        folder = None if row is None else row.request.folder
        policy = self._around.policy(self._around.loaded().rules)
        artifact = schema_of(step.makes) if step.makes is not None else None
        tools = toolbox(self._around.place(folder), policy, names=TEMPLATES[step.agent].tools, artifact=artifact).specs
        if record is not None:
            return await self._around.runs.text(record.system), tuple(tool for tool in tools if tool.name in record.tools)
        prompt, (rules, memory) = TEMPLATES[step.agent].prompt, await self._around.texts(folder)
        if choice is not None:
            briefing = briefed(rules, memory, choice, prompt, tools, limit=self._learned.usual_limit(choice))
            rules, memory = briefing.rules, briefing.memory
        return system_text(prompt, rules, memory), tools
