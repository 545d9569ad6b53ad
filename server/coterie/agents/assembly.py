"""Puts the team of one run together: its rules, models, budgets and conversation, from the settings as they are when the run begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from coterie.agents.allowances import Allowances
from coterie.agents.approvals import RunApprovals, SessionGrants
from coterie.agents.before import conversation_before, decided
from coterie.agents.chat_commands import ChatCommands, CommandRun
from coterie.agents.choosing import Chain, chain_of, discovering
from coterie.agents.compacting import Compactor, LiveConversation
from coterie.agents.coordinator import Walk
from coterie.agents.crew import Crew
from coterie.agents.effects import Effects
from coterie.agents.external import Hire
from coterie.agents.lasting import UserRules
from coterie.agents.lessons import KeptLessons
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter, budget_of
from coterie.agents.model_call import ModelCalls
from coterie.agents.pending import Approvals
from coterie.agents.summarising import Summariser
from coterie.agents.team import Team
from coterie.agents.workflow import find
from coterie.base.errors import SettingsError
from coterie.base.tasks import TaskSupervisor
from coterie.config.load import COMMAND_LINE, LayerRules, Loaded
from coterie.config.paths import name_of
from coterie.config.schema import Settings
from coterie.context.assemble import assemble
from coterie.context.memory import Memory, read_memory
from coterie.context.rules import Rules, read_rules
from coterie.domain.chat_commands import ChatCommand, command_in
from coterie.domain.code_ports import Attention, Index
from coterie.domain.events import WarningEvent
from coterie.domain.messages import Message, ModelRequest
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.runs import Budget, RunRequest
from coterie.domain.store_ports import ChannelStore, MarkStore, RunStore, UsageStore
from coterie.domain.usage import Usage
from coterie.domain.workspace_ports import Folder, Sandbox, Workspace
from coterie.providers.resilience.policy import RetryPolicy
from coterie.tools.rules import MEMORY_FILE, Policy, RuleLayer
from coterie.tools.tool import Place

_LEVEL = "sandbox.level"
_REVIEW = "review.mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs of a process share. ``loaded`` gives the settings as they are now; ``own_folders`` are closed to every agent.

    ``asides`` is where copies of workspaces lie while external agents work in them, ``memories`` where notes about projects are kept that
    are not trusted; ``hide`` takes the secrets out of a text that this process has met. ``index_wait_s`` as in `Place`, ``command_line``
    as in `RunApprovals`.
    """

    loaded: Callable[[], Loaded]
    runs: RunStore
    channels: ChannelStore
    usage: UsageStore
    marks: MarkStore
    providers: Providers
    workspace: Workspace
    sandbox: Sandbox
    approvals: Approvals
    tasks: TaskSupervisor
    own_folders: tuple[Path, ...]
    asides: Path
    user_rules: Path
    user_memory: Path
    memories: Path
    hide: Callable[[str], str] = str
    index: Index | None = None
    index_wait_s: float | None = None
    attention: Attention | None = None
    user_permissions: UserRules | None = None
    command_line: bool = False
    lessons: KeptLessons = field(default_factory=KeptLessons)


class Assembly:
    """Makes the teams of the runs that are at home with one client. Implements `coterie.agents.coordinator.Base`."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._allowances = Allowances(around.usage)
        self._session: SessionGrants = {}  # of this client: another one's workspace is another matter

    @property
    def around(self) -> Surroundings:
        """What its runs share."""
        return self._around

    @property
    def session(self) -> SessionGrants:
        """What a person answered for all of its runs."""
        return self._session

    @property
    def workspace(self) -> Workspace:
        """The files that its runs may touch."""
        return self._around.workspace

    async def assemble(self, run: LiveRun) -> Walk:
        """Assemble. Raises `SettingsError`, and whatever `Providers.choose` raises."""
        around, loaded, request = self._around, self._around.loaded(), run.row.request
        settings = loaded.settings
        workflow = find(run.row.workflow, run.row.agent)
        used = await around.usage.spent(run_id=run.run_id)
        meter = Meter("this run", budget_of(settings, request.budget), used=used, worked_s=run.history.worked_s)
        meter_of = _meters(settings, {agent: await around.usage.spent(run_id=run.run_id, agent=agent) for agent in settings.agents})
        sandboxed = self._sandboxed_since(loaded)
        approvals = RunApprovals(
            run,
            around.approvals,
            self._live_policy(loaded),
            vouched=self.policy([rules for rules in loaded.rules if rules.layer == COMMAND_LINE]),
            meter=meter,
            unattended=settings.permissions.policy_when_unattended,
            session=self._session,
            sandboxed=sandboxed,
            reviewed=self._reviewed_since(loaded),
            user=around.user_permissions,
            command_line=around.command_line,
        )
        await around.lessons.read()
        learned = around.lessons.learned
        await around.providers.ready()
        choose = await self._chooser(run, settings, in_team=len(workflow.steps) > 1)
        for step in workflow.steps:
            await discovering(around.providers, lambda agent=step.agent: choose(agent))  # type: ignore[misc]
            self._hire(step.agent, settings, choose)
        retry = settings.retry
        marks = partial(decided, around.marks, run.row.channel_id)
        before, begun = await conversation_before(around.runs, around.channels, run.row.channel_id, workflow, before=run.run_id)
        models = ModelCalls(
            run,
            around.providers,
            around.usage,
            RetryPolicy(attempts=retry.attempts, base_s=retry.base_ms / 1000, max_s=retry.max_ms / 1000),
            learned,
        )
        summariser = Summariser(run, around.providers, around.usage, sizes=models.sizes, learned=learned, small=self._small_model)

        def meters_of(agent: str) -> tuple[Meter, ...]:
            return (meter, *meter_of(agent), *self._allowances.meters(settings.budget, run.row.channel_id))

        if (command := _command_in(request)) is not None:
            step = workflow.steps[0]
            conversation = LiveConversation(run=run, step_id=step.step_id, attempt=1, before=before, build=_bare_request, marks=marks)
            commands = ChatCommands(conversation, Compactor(conversation, models, summariser, meters_of(step.agent)))
            return CommandRun(run, commands, command, choose(step.agent).first)
        rules, memory = await texts_for(around, request.folder)
        for warning in rules.warnings:
            await run.event(WarningEvent(code="rules", text=warning))
        for warning in memory.warnings:
            await run.event(WarningEvent(code="memory", text=warning))
        crew = Crew(
            workspace=around.workspace,
            place=replace(self.place(request.folder), confined=sandboxed),
            rules=rules,
            memory=memory,
            models=models,
            summariser=summariser,
            approvals=approvals,
            effects=Effects(run, around.workspace, around.sandbox, around.tasks, network=settings.sandbox.network),
            meter=meter,
            choose=choose,
            meters_of=meters_of,
            hire=lambda agent: self._hire(agent, settings, choose),
            context=settings.context,
            before=before,
            marks=marks,
            begun=begun,
        )
        return Team(run, workflow, crew)

    async def _chooser(self, run: LiveRun, settings: Settings, *, in_team: bool) -> Callable[[str], Chain]:
        channel = await self._around.channels.get(run.row.channel_id)
        asked = run.row.request.model or (channel.model if channel is not None else None)
        return lambda agent: chain_of(agent, settings, self._around.providers, asked=asked, in_team=in_team)

    def _hire(self, agent: str, settings: Settings, choose: Callable[[str], Chain]) -> Hire | None:
        """Return the external agent that is to stand in for an agent. Raises `RequestError` ``no_worker``."""
        own, around = settings.agents.get(agent), self._around
        if own is None or not own.external:
            return None
        choice = choose(agent).first
        worker = around.providers.worker(choice.id)
        return Hire(worker=worker, choice=choice, flags=own.flags, asides=around.asides, providers=around.providers, usage=around.usage)

    def place(self, folder: str | None) -> Place:
        """Return where an agent works whose folder this is."""
        around, found = self._around, _folder(self._around.workspace, folder)
        return Place(
            workspace=around.workspace,
            folder=folder,
            tests_command=around.loaded().settings.tests.command,
            confined=self._sandboxed,
            index=around.index,
            index_wait_s=around.index_wait_s,
            attention=around.attention,
            notes=None if found is None or found.trusted else _notes(around, found),
            hide=around.hide,
        )

    def policy(self, rules: Sequence[LayerRules]) -> Policy:
        """Return what decides by these rules."""
        return Policy(
            layers=tuple(RuleLayer.of(layer.origin, allow=layer.allow, ask=layer.ask, deny=layer.deny) for layer in rules),
            roots=tuple(folder.absolute for folder in self._around.workspace.folders),
            protected=tuple(str(folder) for folder in self._around.own_folders),
        )

    def _live_policy(self, began: Loaded) -> Callable[[], Policy]:
        """Return what gives the rules of a run as they are now.

        What the settings denied or asked for when it began stays so, whatever becomes of the files and folders that said it; a project,
        whose file the run may have changed, allows nothing more; and a rule that cannot be read changes nothing.
        """
        first = self.policy(began.rules)
        rules, policy = began.rules, first

        def now() -> Policy:
            nonlocal rules, policy
            if (latest := self._around.loaded().rules) is not rules:
                with suppress(SettingsError):
                    policy = self.policy([_as_begun(each, began.rules) for each in latest]).no_looser_than(first)
                rules = latest
            return policy

        return now

    async def _sandboxed(self) -> bool:
        """Say whether commands may run by rule alone: they are confined, or the user said that they need not be."""
        return self._around.loaded().settings.sandbox.level == "none" or await self._confined()

    def _sandboxed_since(self, began: Loaded) -> Callable[[], Awaitable[bool]]:
        """Return what says so to a run, in which no project switches the sandbox off that did not when it began."""

        async def sandboxed() -> bool:
            latest = self._around.loaded()
            by_project = latest.origins.get(_LEVEL) == ("project",)
            if by_project and latest.settings.sandbox.level == "none" != began.settings.sandbox.level:
                return await self._confined()
            return await self._sandboxed()

        return sandboxed

    def _reviewed_since(self, began: Loaded) -> Callable[[], bool]:
        """Return what says to a run whether a person sees edits first: as is set now, and as a project did when the run began."""
        by_project = began.settings.review.mode == "before" and began.origins.get(_REVIEW) == ("project",)
        return lambda: by_project or self._around.loaded().settings.review.mode == "before"

    async def _confined(self) -> bool:
        return (await self._around.sandbox.status()).level != "none"

    async def _small_model(self) -> ModelChoice | None:
        small, providers = self._around.loaded().settings.small_model, self._around.providers
        return None if small is None else await discovering(providers, lambda: providers.choose(small))


def _as_begun(rules: LayerRules, began: Sequence[LayerRules]) -> LayerRules:
    """Return a layer's rules; a project's with no more allowed than when the run began."""
    if rules.layer != "project":
        return rules
    held = {rule for each in began if each.origin == rules.origin for rule in each.allow}
    return replace(rules, allow=tuple(rule for rule in rules.allow if rule in held))


def _command_in(request: RunRequest) -> ChatCommand | None:
    """Return what a run is to do with its channel itself; None for everything else."""
    return command_in(request.prompt) if request.channel_id is not None and request.workflow is None else None


def _bare_request(messages: tuple[Message, ...], choice: ModelChoice) -> ModelRequest:
    """Return the request that a conversation is measured by where nothing is asked of its agent."""
    return assemble(system="", tools=(), messages=messages, choice=choice, agent="", call=0)


async def texts_for(around: Surroundings, folder: str | None) -> tuple[Rules, Memory]:
    """Read the rules and the notes that a conversation in a folder begins with."""
    rules = await read_rules(around.workspace, folder=folder, user_file=around.user_rules)
    found = _folder(around.workspace, folder)
    of_person = (around.user_memory, *([_notes(around, found)] if found is not None else ()))
    return rules, await read_memory(around.workspace, MEMORY_FILE, folder=folder, own=of_person)


def _folder(workspace: Workspace, uri: str | None) -> Folder | None:
    return next(iter(workspace.folders), None) if uri is None else workspace.folder(uri)


def _notes(around: Surroundings, folder: Folder) -> Path:
    return around.memories / f"{name_of(folder.absolute)}.md"


def _meters(settings: Settings, used: Mapping[str, Usage]) -> Callable[[str], tuple[Meter, ...]]:
    """Return the meters of agents that have budgets of their own, made on first use and kept for the run; ``used`` is by agent."""
    made: dict[str, Meter] = {}

    def meter_of(agent: str) -> tuple[Meter, ...]:
        own = settings.agents.get(agent)
        if own is None:
            return ()
        budget = Budget(usd=own.budget.usd, tokens=own.budget.tokens, wall_s=own.budget.wall_s)
        return () if budget == Budget() else (made.setdefault(agent, Meter(f"the {agent}", budget, used=used[agent])),)

    return meter_of
