"""A core that answers at once with fixed values: what the front door is tested against, in process and as a server of its own.

What a run does is chosen by its prompt. Run as a program it serves over stdio, as ``coterie serve --stdio`` does.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from coterie.base.errors import InvalidParamsError, RequestError, StorageError
from coterie.domain.actions import Action
from coterie.domain.channels import (
    Channel,
    ChannelChanged,
    ChannelForked,
    ChannelMessage,
    ChannelOpened,
    ChannelPage,
    ChannelsFound,
    ChatPlace,
    MessageFound,
    Posted,
    Staying,
)
from coterie.domain.client_ports import Audience
from coterie.domain.edits import BufferEdit, FileChange, FileDiff, Hunk, TextChange, UndoConflict, UndoResult
from coterie.domain.events import (
    AgentEvent,
    ApprovalEvent,
    ArtifactEvent,
    ChangeEvent,
    Event,
    MessageDelta,
    MessageDiscarded,
    MessageEvent,
    PlanEvent,
    RunEvent,
    StepEvent,
    ThoughtDelta,
    ToolCallEvent,
    UsageEvent,
    WarningEvent,
)
from coterie.domain.permissions import Approval, ApprovalOption, Decision, Effect
from coterie.domain.retrieval import BuildNews
from coterie.domain.runs import RunEvents, RunPage, RunRequest, RunStarted, RunStateView, RunSummary, RunView, StepView
from coterie.domain.status import (
    Degraded,
    ProviderHealth,
    SandboxView,
    Status,
    SuggestionsView,
)
from coterie.domain.suggestions import Suggestion, SuggestionExplanation, SuggestionFeedback, SuggestionRequest, SuggestionSnooze
from coterie.domain.workspace_ports import Folder
from coterie.features.application import Application
from coterie.features.attachment import Attached, Attachment, Documents
from coterie.features.editor_faces import (
    Actions,
    Attention,
    Changes,
    ChatDocuments,
    ChatReadings,
    ContextDocuments,
    Findings,
    Indexing,
    PlanDocuments,
)
from coterie.features.protocol_faces import (
    Accounts,
    Approvals,
    Catalogue,
    Channels,
    Commits,
    Completer,
    Grants,
    Hunks,
    Inspector,
    Preferences,
    Roster,
    Runs,
    Secrets,
    Suggestions,
)
from coterie.workspace.notebooks import Notebooks
from lsp_fake_hosts import AT, PROVIDER, USAGE, FakeAccounts, FakeCatalogue, FakeSecrets
from lsp_fake_inspector import FakeInspector
from lsp_fake_reviews import FakeChanges, FakeFindings, FakeHunks
from lsp_fake_roster import FakeRoster
from lsp_fake_settings import CHANGED, FakeCommits, FakeCompleter, FakeGrants, FakePreferences

CANARY = "canary-of-the-servers-inside"
HUNK = Hunk(hunk_id="hunk_1", old_start=1, old_lines=1, new_start=1, new_lines=1, old_text="a\n", new_text="b\n", step_id="step_1")
CHANGE = FileChange(change_id="change_1", path="src/ä.py", uri="file:///w/src/%C3%A4.py", state="applied", hunks=(HUNK,))
EFFECT = Effect(kind="exec", target="touch made", argv=("touch", "made"), rule="exec(touch made)")
OPTIONS = (
    ApprovalOption(option_id="once", label="Allow once", kind="allow_once"),
    ApprovalOption(option_id="no", label="Not now", kind="reject_once"),
)
APPROVAL = Approval(
    approval_id="approval_1", run_id="run_1", channel_id="channel_1", at=AT, title="Run touch made", effects=(EFFECT,), options=OPTIONS
)
CHANNEL = Channel(channel_id="channel_1", title="Größe", folder="chats", state="idle", updated_at=AT, pending_approvals=1, agent="chat")
STATUS = Status(
    version="0",
    mode="local",
    providers=(ProviderHealth(id="work", type="anthropic", state="auth_required", error="Set ANTHROPIC_API_KEY."),),
    sandbox=SandboxView(level="none", reason="bubblewrap is not installed"),
    degraded=(Degraded(code="no_sandbox", text="Commands run unconfined: install bubblewrap."),),
    suggestions=SuggestionsView(enabled=True, model="work/fim", snoozed_until=AT),
)
ACTION = Action(action_id="improve", title="Improve", kind="refactor.rewrite", prompt="Improve this.", agent="coder")
EVENTS: tuple[Event, ...] = (
    RunEvent(state="running"),
    StepEvent(step_id="step_1", agent="coder", state="running", model="work/m", attempt=1),
    PlanEvent(plan={"steps": [{"step_id": "1"}]}),
    ArtifactEvent(step_id="step_1", type="findings", value={"blocking_count": 0}),
    ThoughtDelta(message_id="message_1", offset=0, text="hm"),
    MessageDelta(message_id="message_1", offset=0, text="Hé"),
    MessageEvent(message_id="message_1", role="assistant", text="Hé", agent="chat"),
    MessageDiscarded(message_id="message_2", reason="disconnected"),
    ToolCallEvent(call_id="call_1", step_id="step_1", tool="read_file", arguments={"start_line": 1}, state="succeeded", output="a\n"),
    ChangeEvent(change_id="change_1", path=CHANGE.path, uri=CHANGE.uri, state="applied", hunks=(HUNK,)),
    ApprovalEvent(approval_id="approval_1", title="Run touch made", effects=(EFFECT,), options=OPTIONS, state="pending"),
    UsageEvent(input=1200, cache_read=None, cache_write=0, output=34, usd=Decimal("0.00125")),
    WarningEvent(code="slow", text="The model's host is slow."),
    RunEvent(state="failed", reason="provider_failed", text="The model's host is down."),
)
"""One event of each kind, in an order that a run could have."""


def event(seq: int, of: Any, *, run_id: str = "run_1") -> AgentEvent:
    """Return an event of the fake run."""
    return AgentEvent(seq=seq, at=AT, run_id=run_id, channel_id="channel_1", event=of)


def tell_everything(audience: Audience) -> None:
    """Tell one of each."""
    for seq, each in enumerate(EVENTS, start=1):
        audience.tell(event(seq, each))
    audience.channel_changed(ChannelChanged(channel_id="channel_1", change="updated", channel=CHANNEL))
    audience.status_changed(STATUS)
    audience.providers_changed((PROVIDER,))
    audience.settings_changed(CHANGED)


class FakeDocuments:
    """Open buffers, with what was said of them."""

    def __init__(self) -> None:
        self.notebooks = Notebooks()
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int | None] = {}
        self.languages: dict[str, str] = {}

    def text(self, uri: str) -> str | None:
        """Return a buffer's text."""
        return self.texts.get(uri)

    def did_open(self, uri: str, version: int, text: str, language: str) -> None:
        """Open a buffer."""
        self.languages[uri] = language
        self.did_change(uri, version, text)

    def did_change(self, uri: str, version: int | None, text: str) -> None:
        """Change a buffer."""
        self.texts[uri], self.versions[uri] = text, version

    def did_save(self, uri: str) -> None:
        """Save a buffer."""

    def did_close(self, uri: str) -> None:
        """Close a buffer."""
        del self.texts[uri]


class FakeCore:
    """All parts of the core at once; `build` returns it as what the front door attaches to."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.documents: Documents = FakeDocuments()
        self.folders = attachment.folders
        self.options = attachment.options
        self.closed = 0
        self.started = asyncio.Event()  # a run that hangs has begun

    # Attached

    @property
    def application(self) -> Application:
        """Return the face."""
        return FakeApplication(self)

    def catch_up(self) -> None:
        """Nothing goes on."""

    async def set_folders(self, folders: tuple[Folder, ...]) -> None:
        """Keep the folders."""
        self.folders = folders

    async def reconfigure(self, options: Mapping[str, Any]) -> None:
        """Keep the settings."""
        self.options = options


class FakeRuns:
    """``agent/run/*``."""

    def __init__(self, core: FakeCore) -> None:
        self.core = core

    async def check_model(self, model: str) -> None:
        """Every model will do."""

    async def start(self, request: RunRequest) -> RunStarted:
        """Do what the prompt says."""
        audience = self.core.attachment.audience
        match request.prompt.split():
            case ["selection"]:
                assert request.selection is not None
                ends = request.selection.range
                where = () if ends is None else (ends.start.line, ends.start.character, ends.end.line, ends.end.character)
                return RunStarted(run_id=str(request.selection.text), channel_id=str(where))
            case ["settings"]:
                folders = ",".join(folder.name for folder in self.core.folders)
                return RunStarted(run_id=str(dict(self.core.options)), channel_id=folders)
            case ["hang"]:
                self.core.started.set()
                audience.tell(event(1, RunEvent(state="running")))
                await asyncio.Event().wait()
            case ["crash"]:
                raise ValueError(CANARY)
            case ["refuse"]:
                raise RequestError("There is no agent of that name.", code="unknown_agent", action="coterie.run")
            case ["both"]:
                raise InvalidParamsError("A run has a workflow or an agent, not both.")
            case ["print"]:
                sys.stdout.write(CANARY + "\n")
                subprocess.run(["cat"], check=True)  # noqa: ASYNC221 - a child that would eat the protocol's bytes, and wait for ever
            case ["edit", uri, version]:
                text = self.core.documents.text(uri) or ""
                edit = BufferEdit(uri=uri, version=int(version), text=text, changes=(TextChange(1, 2, "\U0001f600"),), label="Improve")
                return RunStarted(run_id=str(await self.core.attachment.editor.apply(edit)), channel_id="channel_1")
            case ["tell"]:
                tell_everything(audience)
            case _:
                pass
        return RunStarted(run_id="run_1", channel_id=request.channel_id or "channel_1")

    async def list(self, *, state: str | None = None, limit: int = 50, before: str | None = None) -> RunPage:
        """Return one run."""
        assert limit > 0
        summary = RunSummary(
            run_id="run_1",
            channel_id="channel_1",
            prompt="fix it",
            workflow="team",
            agent=None,
            state="succeeded",
            started_at=AT,
            ended_at=None,
            usage=USAGE,
        )
        return RunPage(runs=() if before or state == "failed" else (summary,), more=False)

    async def unapproved(self) -> RunSummary | None:
        """None waits."""
        return None

    async def get(self, run_id: str) -> RunView:
        """Return the run. Raises for any other."""
        if run_id != "run_1":
            raise RequestError(f"There is no run {run_id}.", code="unknown_run")
        return RunView(
            run_id=run_id,
            channel_id="channel_1",
            prompt="fix it",
            state="succeeded",
            workflow="team",
            agent=None,
            steps=(StepView(step_id="step_1", agent="coder", state="succeeded", model="work/m", attempt=1),),
            plan={"snake_case": ["stays"]},
            changes=(CHANGE,),
            usage=USAGE,
        )

    async def events(self, run_id: str, after: int = 0) -> RunEvents:
        """Return a tool call."""
        call = ToolCallEvent(
            call_id="call_1", step_id="step_1", tool="read_file", arguments={"start_line": 1}, state="succeeded", output="a\n"
        )
        return RunEvents(events=(event(after + 1, call, run_id=run_id),), last=after + 1)

    async def steer(self, run_id: str, text: str) -> str:
        """Answer an id."""
        return f"message_of_{run_id}_{len(text)}"

    async def interrupt(self, run_id: str) -> RunStateView:
        """Answer the state."""
        return RunStateView(run_id=run_id, state="interrupted")

    async def cancel(self, run_id: str) -> RunStateView:
        """Answer the state."""
        return RunStateView(run_id=run_id, state="cancelled")

    async def resume(self, run_id: str) -> RunStateView:
        """Answer the state."""
        return RunStateView(run_id=run_id, state="running")

    async def undo(self, run_id: str, *, scope: str = "run", ids: Sequence[str] = ()) -> UndoResult:
        """Restore one file and leave another."""
        conflict = UndoConflict(path="README.md", uri="file:///project/README.md", reason=f"you edited it after {run_id}")
        return UndoResult(restored=(f"{scope}:{','.join(ids)}",), conflicts=(conflict,))

    async def diff(self, run_id: str, *, paths: Sequence[str] = (), texts: bool = False) -> tuple[FileDiff, ...]:
        """Return a diff."""
        before = "a\n" if texts else None
        return (FileDiff(path=(paths or (run_id,))[0], uri="file:///w/a.py", status="modified", diff="-a\n+b\n", before=before),)


class FakeChannels:
    """``agent/channel/*``."""

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return one channel."""
        return () if (folder, state, query) == ("tasks", None, None) else (CHANNEL,)

    async def search(self, query: str, *, limit: int = 50) -> ChannelsFound:
        """Find one message."""
        found = MessageFound(channel_id=CHANNEL.channel_id, message_id="message_1", role="user", text=query, at=AT)
        return ChannelsFound(channels=(CHANNEL,), messages=(found,) * limit)

    async def open(self, *, title: str | None = None, agent: str | None = None, model: str | None = None) -> ChannelOpened:
        """Name it after what was asked."""
        return ChannelOpened(channel_id=f"{title}/{agent}/{model}")

    async def fork(self, channel_id: str, message_id: str | None = None) -> ChannelForked:
        """Go on from there."""
        channel = replace(CHANNEL, channel_id=f"fork_of_{channel_id}")
        staying = Staying(run_id="run_1", paths=("src/ä.py",))
        text = f"said at {message_id}"
        return ChannelForked(channel_id=channel.channel_id, channel=channel, kept=2, text=text, staying=(staying,))

    async def post(self, channel_id: str, text: str, *, attachments: Sequence[object] = ()) -> Posted:
        """Answer ids."""
        return Posted(run_id=f"run_of_{channel_id}", message_id=f"message_{len(text)}_{len(attachments)}")

    async def history(self, channel_id: str, *, before: str | None = None, limit: int = 50) -> ChannelPage:
        """Return one message."""
        assert channel_id
        message = ChannelMessage(message_id=before or "message_1", role="user", text="hello", at=AT)
        return ChannelPage(messages=(message,)[:limit], more=True)

    async def rename(self, channel_id: str, title: str) -> Channel:
        """Rename it."""
        return replace(CHANNEL, channel_id=channel_id, title=title)

    async def choose(self, channel_id: str, *, agent: str | None = None, model: str | None = None) -> Channel:
        """Keep who answers."""
        return replace(CHANNEL, channel_id=channel_id, agent=agent, model=model)

    async def archive(self, channel_id: str, *, archived: bool = True) -> Channel:
        """Archive it."""
        return replace(CHANNEL, channel_id=channel_id, state="archived" if archived else "idle")

    async def delete(self, channel_id: str) -> None:
        """Delete it."""
        assert channel_id


class FakeApplication:
    """The face, over one `FakeCore`."""

    def __init__(self, core: FakeCore) -> None:
        self.core = core
        self.runs: Runs = FakeRuns(core)
        self.channels: Channels = FakeChannels()
        self.inspector: Inspector = FakeInspector()
        self.approvals: Approvals = FakeApprovals()
        self.grants: Grants = FakeGrants()
        self.catalogue: Catalogue = FakeCatalogue()
        self.accounts: Accounts = FakeAccounts()
        self.secrets: Secrets = FakeSecrets()
        self.roster: Roster = FakeRoster()
        self.completer: Completer = FakeCompleter()
        self.commits: Commits = FakeCommits()
        self.preferences: Preferences = FakePreferences()
        self.suggestions: Suggestions = FakeSuggestions()
        self.actions: Actions = FakeActions()
        self.chats: ChatDocuments = FakeChats()
        self.readings: ChatReadings = FakeReadings()
        self.contexts: ContextDocuments = FakeContexts()
        self.plans: PlanDocuments = FakePlans()
        self.findings: Findings = FakeFindings()
        self.hunks: Hunks = FakeHunks(CHANGE)
        self.changes: Changes = FakeChanges()
        self.indexing: Indexing = FakeIndexing(core)
        self.attention: Attention = FakeAttention()

    def concerns(self, folder: str | None) -> bool:
        """Everything does."""
        assert folder != ""
        return True

    async def status(self) -> Status:
        """Return a state with trouble in it."""
        return STATUS

    async def aclose(self) -> None:
        """Count."""
        self.core.closed += 1
        sys.stderr.write("closed in order\n")


class FakeIndexing:
    """The index; with the option ``builds`` one is built, and that takes long."""

    def __init__(self, core: FakeCore) -> None:
        self.core = core

    def watch(self, listener: Callable[[BuildNews], None]) -> None:
        """Say how far it is."""
        if self.core.options.get("builds"):
            listener(BuildNews(folder="/w/project", done=500, files=2_000, complete=False))


class FakeAttention:
    """What the person has before them."""

    def diagnosed(self, uri: str) -> None:
        """Nobody asks for it."""
        assert uri


class FakeActions:
    """Code actions."""

    def offered(self, only: Sequence[str] = (), *, problems: bool = False) -> tuple[Action, ...]:
        """Return one, which wants nothing."""
        assert (only, problems) is not None
        return (ACTION,)

    def worded(self, action_id: str, problems: Sequence[str] = ()) -> Action:
        """Return it."""
        assert (action_id, problems) == (ACTION.action_id, ())
        return ACTION


class FakeChats:
    """Chat documents."""

    def watch(self, listener: Callable[[str], None]) -> None:
        """Nothing goes wrong here."""

    async def open(self, channel_id: str, *, draft: str = "", awaited: bool = False) -> str:
        """Name it after what was asked."""
        assert not awaited
        return f"file:///chats/{channel_id}.md{draft}"

    async def send(self, uri: str | None = None) -> Posted:
        """Answer ids."""
        return Posted(run_id=f"run_of_{uri}", message_id="message_1")

    async def place(self, uri: str) -> ChatPlace | None:
        """Only what is called so is a chat."""
        return ChatPlace(2, can_send=True, run_id="run_1", channel=CHANNEL) if self.is_chat(uri) else None

    def is_chat(self, uri: str) -> bool:
        """Go by the name."""
        return uri.startswith("file:///chats/")


class FakeReadings:
    """Channels as texts."""

    def watch(self, listener: Callable[[str], None]) -> None:
        """Nothing changes."""

    async def read(self, uri: str) -> str:
        """Name it."""
        return f"# {uri}\n"


class FakeContexts:
    """What models read, as documents."""

    async def offer(self, channel_id: str, *, as_file: bool) -> str:
        """Name it after what was asked."""
        return f"{'file' if as_file else 'text'}:///contexts/{channel_id}"

    def is_context(self, uri: str) -> bool:
        """Go by the name."""
        return uri.endswith("/context.md")

    async def read(self, uri: str) -> str:
        """Name it."""
        return f"# What is read in {uri}\n"


class FakePlans:
    """Plan documents."""

    async def offer(self, approval_id: str, plan: Mapping[str, Any]) -> str:
        """Name it after what was asked."""
        return f"file:///plans/{approval_id}/{len(plan)}"

    async def read(self, approval_id: str) -> Mapping[str, Any]:
        """Return a plan."""
        return {"of": approval_id}

    def question_of(self, uri: str) -> str | None:
        """None is a plan."""
        assert uri
        return None


class FakeApprovals:
    """``agent/approval/*``."""

    async def list(self) -> tuple[Approval, ...]:
        """Return one question."""
        return (APPROVAL,)

    async def answer(
        self, approval_id: str, option_id: str, *, scope: str | None = None, plan: Mapping[str, Any] | None = None
    ) -> Decision:
        """Take any answer but to a resolved question."""
        if approval_id == "resolved":
            raise RequestError("Somebody has answered already.", code="already_resolved")
        return Decision(option_id=option_id, kind="allow_once", reason=f"{approval_id} {scope} {plan}")

    async def dismiss(self, approval_id: str) -> None:
        """Take it."""

    def attendance_changed(self) -> None:
        """Nobody waits."""


class FakeSuggestions:
    """Ghost text."""

    async def suggest(self, ask: SuggestionRequest) -> tuple[Suggestion, ...]:
        """Say what was asked, over the popup's entry or else over the next character."""
        if not ask.text:
            return ()
        start, end = (ask.offset, ask.offset + 1) if ask.popup is None else (ask.popup.start, ask.popup.end)
        words = "manual" if ask.manual else "automatic"
        return (Suggestion(suggestion_id=f"{words}_{ask.offset}", text=f"{ask.text[: ask.offset]}|{ask.popup}", start=start, end=end),)

    def shown(self, suggestion_id: str) -> SuggestionFeedback:
        """Answer the state."""
        return SuggestionFeedback(suggestion_id=suggestion_id, state="shown")

    def accepted(self, suggestion_id: str, length: int | None = None) -> SuggestionFeedback:
        """Answer the state."""
        return SuggestionFeedback(suggestion_id=suggestion_id, state="accepted" if length is None else "partly_accepted")

    def rejected(self, suggestion_id: str) -> SuggestionFeedback:
        """Refuse: there is no such suggestion, or answer the state."""
        if suggestion_id == "unknown":
            raise RequestError("There is no suggestion unknown, or it was long ago.", code="unknown_suggestion")
        return SuggestionFeedback(suggestion_id=suggestion_id, state="rejected")

    def explain(self, uri: str | None = None) -> SuggestionExplanation:
        """Name a reason."""
        return SuggestionExplanation(uri=uri, at=AT, stage="gate", reason="mid_word", text="The cursor is inside a word.")

    def snooze(self, minutes: float) -> SuggestionSnooze:
        """Answer a time."""
        return SuggestionSnooze(until=AT if minutes else None)


async def build(attachment: Attachment) -> Attached:
    """Attach, or fail as the settings say."""
    if attachment.options.get("fail"):
        raise StorageError("The disk is full.")
    return FakeCore(attachment)


if __name__ == "__main__":
    from coterie.lsp.server import serve_stdio

    sys.exit(serve_stdio(build))
