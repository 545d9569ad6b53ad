"""Puts the team of one run together: its models, budgets and conversation, from the settings as they are when the run begins.

`agents.assembly` has it done when a run begins or goes on, from the `agents.surroundings` of all runs of its client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from coterie.agents.allowances import Allowances
from coterie.agents.approvals import RunApprovals, SessionGrants
from coterie.agents.before import conversation_before, decided
from coterie.agents.chat_commands import ChatCommands, CommandRun
from coterie.agents.choosing import Chain, chain_of, discovering
from coterie.agents.compacting import Compactor
from coterie.agents.conversation import LiveConversation
from coterie.agents.crew import Crew
from coterie.agents.effects import Effects
from coterie.agents.external import Hire
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter, budget_of
from coterie.agents.model_call import ModelCalls
from coterie.agents.run_ports import Walk
from coterie.agents.summarising import Summariser
from coterie.agents.surroundings import Surroundings
from coterie.agents.team import Team
from coterie.agents.workflow import find
from coterie.base.errors import SettingsError
from coterie.config.load import COMMAND_LINE, LayerRules, Loaded
from coterie.config.schema import Settings
from coterie.context.assemble import assemble
from coterie.context.memory import Memory
from coterie.context.rules import Rules
from coterie.domain.chat_commands import ChatCommand, command_in
from coterie.domain.events import WarningEvent
from coterie.domain.messages import Message, ModelRequest
from coterie.domain.model_ports import ModelChoice
from coterie.domain.runs import Budget, RunRequest
from coterie.domain.usage import Usage
from coterie.providers.resilience.policy import RetryPolicy
from coterie.tools.rules import Policy

_LEVEL = "sandbox.level"
_REVIEW = "review.mode"


async def muster(run: LiveRun, around: Surroundings, *, session: SessionGrants, allowances: Allowances) -> Walk:
    """Put the team together. Raises `SettingsError`, and whatever `Providers.choose` raises."""
    loaded, request = around.loaded(), run.row.request
    settings = loaded.settings
    workflow = find(run.row.workflow, run.row.agent)
    used = await around.usage.spent(run_id=run.run_id)
    meter = Meter("this run", budget_of(settings, request.budget), used=used, worked_s=run.history.working_time.seconds)
    meter_of = _meters(settings, {agent: await around.usage.spent(run_id=run.run_id, agent=agent) for agent in settings.agents})
    sandboxed = _sandboxed_since(around, loaded)
    approvals = _approvals(run, around, loaded, session=session, meter=meter, sandboxed=sandboxed)
    await around.lessons.read()
    await around.providers.ready()
    choose = await _chooser(around, run, settings, in_team=len(workflow.steps) > 1)
    for step in workflow.steps:
        await discovering(around.providers, lambda agent=step.agent: choose(agent))  # type: ignore[misc]
        _hire(around, step.agent, settings, choose)
    marks = partial(decided, around.marks, run.row.channel_id)
    before, begun = await conversation_before(around.runs, around.channels, run.row.channel_id, workflow, before=run.run_id)
    models, summariser = _model_calls(run, around, settings)

    def meters_of(agent: str) -> tuple[Meter, ...]:
        return (meter, *meter_of(agent), *allowances.meters(settings.budget, run.row.channel_id))

    if (command := _command_in(request)) is not None:
        step = workflow.steps[0]
        conversation = LiveConversation(run=run, step_id=step.step_id, attempt=1, before=before, build=_bare_request, marks=marks)
        commands = ChatCommands(conversation, Compactor(conversation, models, summariser, meters_of(step.agent)))
        return CommandRun(run, commands, command, choose(step.agent).first)
    rules, memory = await _texts(run, around)
    crew = Crew(
        workspace=around.workspace,
        place=replace(around.place(request.folder), confined=sandboxed),
        rules=rules,
        memory=memory,
        models=models,
        summariser=summariser,
        approvals=approvals,
        effects=Effects(run, around.workspace, around.sandbox, around.tasks, network=settings.sandbox.network),
        meter=meter,
        choose=choose,
        meters_of=meters_of,
        hire=lambda agent: _hire(around, agent, settings, choose),
        context=settings.context,
        before=before,
        marks=marks,
        begun=begun,
    )
    return Team(run, workflow, crew)


def _approvals(
    run: LiveRun, around: Surroundings, loaded: Loaded, *, session: SessionGrants, meter: Meter, sandboxed: Callable[[], Awaitable[bool]]
) -> RunApprovals:
    """Return what decides about the calls of a run that began under the settings ``loaded``. Raises `SettingsError`."""
    return RunApprovals(
        run,
        around.approvals,
        _live_policy(around, loaded),
        vouched=around.policy([rules for rules in loaded.rules if rules.layer == COMMAND_LINE]),
        meter=meter,
        unattended=loaded.settings.permissions.policy_when_unattended,
        session=session,
        sandboxed=sandboxed,
        reviewed=_reviewed_since(around, loaded),
        user=around.user_permissions,
        command_line=around.command_line,
    )


def _model_calls(run: LiveRun, around: Surroundings, settings: Settings) -> tuple[ModelCalls, Summariser]:
    """Return what asks models for a run: for its agents, and for summaries."""
    retry, learned = settings.retry, around.lessons.learned
    policy = RetryPolicy(attempts=retry.attempts, base_s=retry.base_ms / 1000, max_s=retry.max_ms / 1000)
    models = ModelCalls(run, around.providers, around.usage, policy, learned)
    small = partial(_small_model, around)
    return models, Summariser(run, around.providers, around.usage, sizes=models.sizes, learned=learned, small=small)


async def _texts(run: LiveRun, around: Surroundings) -> tuple[Rules, Memory]:
    """Read the rules and notes that hold for a run, and tell what could not be read."""
    rules, memory = await around.texts(run.row.request.folder)
    for warning in rules.warnings:
        await run.event(WarningEvent(code="rules", text=warning))
    for warning in memory.warnings:
        await run.event(WarningEvent(code="memory", text=warning))
    return rules, memory


async def _chooser(around: Surroundings, run: LiveRun, settings: Settings, *, in_team: bool) -> Callable[[str], Chain]:
    channel = await around.channels.get(run.row.channel_id)
    asked = run.row.request.model or (channel.model if channel is not None else None)
    return lambda agent: chain_of(agent, settings, around.providers, asked=asked, in_team=in_team)


def _hire(around: Surroundings, agent: str, settings: Settings, choose: Callable[[str], Chain]) -> Hire | None:
    """Return the external agent that is to stand in for an agent. Raises `RequestError` ``no_worker``."""
    own = settings.agents.get(agent)
    if own is None or not own.external:
        return None
    choice = choose(agent).first
    worker = around.providers.worker(choice.id)
    return Hire(worker=worker, choice=choice, flags=own.flags, asides=around.asides, providers=around.providers, usage=around.usage)


def _live_policy(around: Surroundings, began: Loaded) -> Callable[[], Policy]:
    """Return what gives the rules of a run as they are now.

    What the settings denied or asked for when it began stays so, whatever becomes of the files and folders that said it; a project,
    whose file the run may have changed, allows nothing more; and a rule that cannot be read changes nothing.
    """
    first = around.policy(began.rules)
    rules, policy = began.rules, first

    def now() -> Policy:
        nonlocal rules, policy
        if (latest := around.loaded().rules) is not rules:
            with suppress(SettingsError):
                policy = around.policy([_as_begun(each, began.rules) for each in latest]).no_looser_than(first)
            rules = latest
        return policy

    return now


def _as_begun(rules: LayerRules, began: Sequence[LayerRules]) -> LayerRules:
    """Return a layer's rules; a project's with no more allowed than when the run began."""
    if rules.layer != "project":
        return rules
    held = {rule for each in began if each.origin == rules.origin for rule in each.allow}
    return replace(rules, allow=tuple(rule for rule in rules.allow if rule in held))


def _sandboxed_since(around: Surroundings, began: Loaded) -> Callable[[], Awaitable[bool]]:
    """Return what says so to a run, in which no project switches the sandbox off that did not when it began."""

    async def sandboxed() -> bool:
        latest = around.loaded()
        by_project = latest.origins.get(_LEVEL) == ("project",)
        if by_project and latest.settings.sandbox.level == "none" != began.settings.sandbox.level:
            return await around.confined()
        return await around.sandboxed()

    return sandboxed


def _reviewed_since(around: Surroundings, began: Loaded) -> Callable[[], bool]:
    """Return what says to a run whether a person sees edits first: as is set now, and as a project did when the run began."""
    by_project = began.settings.review.mode == "before" and began.origins.get(_REVIEW) == ("project",)
    return lambda: by_project or around.loaded().settings.review.mode == "before"


async def _small_model(around: Surroundings) -> ModelChoice | None:
    small, providers = around.loaded().settings.small_model, around.providers
    return None if small is None else await discovering(providers, lambda: providers.choose(small))


def _command_in(request: RunRequest) -> ChatCommand | None:
    """Return what a run is to do with its channel itself; None for everything else."""
    return command_in(request.prompt) if request.channel_id is not None and request.workflow is None else None


def _bare_request(messages: tuple[Message, ...], choice: ModelChoice) -> ModelRequest:
    """Return the request that a conversation is measured by where nothing is asked of its agent."""
    return assemble(system="", tools=(), messages=messages, choice=choice, agent="", call=0)


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
