"""The Protocols through which ``agents`` and ``features`` reach the outside world.

Each names its implementer. Values that cross are frozen; every method may be cancelled at its await points unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.channels import Channel, ChannelChanged, ChannelMessage, ChannelPage
    from coterie.domain.edits import BufferEdit, FileRef, OnIntent, Outcome, Rewrite
    from coterie.domain.events import AgentEvent, RunState
    from coterie.domain.inspection import Mark
    from coterie.domain.messages import ModelRequest, StreamEvent
    from coterie.domain.overview import Overview
    from coterie.domain.prediction import PredictedLine, PredictionRequest
    from coterie.domain.records import Entry
    from coterie.domain.retrieval import BuildNews, Definitions, Question, Ranking
    from coterie.domain.runs import RunRow
    from coterie.domain.secrets import SecretName
    from coterie.domain.status import (
        Capabilities,
        InstallProgress,
        ModelPage,
        ModelView,
        Price,
        ProviderCheck,
        ProviderView,
        SandboxView,
        Status,
    )
    from coterie.domain.suggestions import FillRequest
    from coterie.domain.usage import CallOutcome, Usage, UsageKey, UsageRow
    from coterie.domain.workers import Worker


class Speaker(Protocol):
    """Who can be asked: the part of a `Provider` that calls of models need."""

    name: str
    version: str
    capabilities: Capabilities

    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Make one attempt of one call. Closing the iterator closes the connection. Raises `ProviderError`; ends with `Finished`."""
        ...

    def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Fill a gap. As `stream`; nothing but text, usage and the end comes. Raises `ProviderError` ``no_fim`` where it cannot be done."""
        ...


class Provider(Speaker, Protocol):
    """A host of models (implemented by ``providers``). Constructed on first use; opens nothing before its first call."""

    @property
    def is_connected(self) -> bool:
        """Whether the host answered since the last `disconnect`."""
        ...

    async def connect(self) -> None:
        """See whether the host is there and lets us in. Raises `ProviderError`."""
        ...

    async def disconnect(self) -> None:
        """Let go of the host: connections, processes. The next call connects again."""
        ...

    async def check(self) -> ProviderCheck:
        """Look at the host, for a person who wants to know; never raises `ProviderError`."""
        ...

    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that are there. Raises `ProviderError`."""
        ...

    async def available_models(self, page: str | None = None) -> ModelPage:
        """Return the models that are there or could be installed, from ``page`` on. Raises `ProviderError`."""
        ...

    async def search_models(self, query: str, page: str | None = None) -> ModelPage:
        """Return those of `available_models` that match, best first. Raises `ProviderError`."""
        ...

    def install_model(self, model: str) -> AsyncIterator[InstallProgress]:
        """Install a model, where ``capabilities.install`` says that this can be done. Closing cancels. Raises `ProviderError`."""
        ...

    async def unload_model(self, model: str) -> None:
        """Free the memory that a model takes at the host, where it can be told to. Raises `ProviderError`."""
        ...

    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Return the tokens of a request as the host counts them, None where it does not. Raises `ProviderError`."""
        ...


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that was found: ``id`` is ``host/model``, ``model`` the host's own name of it, ``label`` how it is shown to people.

    ``bills`` says that its host tells what each call has cost, ``fim`` that it may fill gaps (`Speaker.fill`).
    """

    id: str
    model: str
    label: str
    provider: Speaker
    context_tokens: int | None = None
    price: Price | None = None
    bills: bool = False
    temperature: float | None = None
    max_output_tokens: int | None = None
    top_p: float | None = None
    extra: Mapping[str, object] | None = None
    fim: bool = False


DiscoveryReason: TypeAlias = Literal["listing", "missing", "asked"]
"""Why to look for hosts that nobody named: what there is, is shown; something else was named; a person wants to know."""

Unavailable: TypeAlias = Literal["breaker_open", "rate_limited"]
"""Why a model had better not be called now: it failed again and again, or its host asked for no calls for a while."""


class Providers(Protocol):
    """The registry (implemented by ``providers.registry``)."""

    def choose(self, model_id: str) -> ModelChoice:
        """Find ``host/model``. Raises `ProviderError` (``auth_required``) or `RequestError` (``unknown_provider``, ``no_provider``)."""
        ...

    async def ready(self) -> None:
        """Wait until prices and limits of models are known as far as they can be; `choose` tells them from then on. Never fails."""
        ...

    async def discover(self, reason: DiscoveryReason) -> None:
        """Look for hosts that nobody named, within a second, and register what is there. Never fails.

        Looks once, unless it is ``asked`` to; for a ``listing`` only where the settings name no host.
        """
        ...

    def worker(self, model_id: str) -> Worker:
        """Find the whole agent that a host has under ``host/model``. Raises `RequestError` ``no_worker`` where it has none."""
        ...

    def default_model(self) -> str:
        """Return the id that serves who names none. Raises `RequestError` ``no_provider`` with what to do."""
        ...

    def list(self) -> tuple[ProviderView, ...]:
        """Return every registered provider with the state that its latest use showed."""
        ...

    async def models(self, provider: str | None = None) -> tuple[ModelView, ...]:
        """Return the models of one or of all providers; one that is down adds its configured models as ``down``."""
        ...

    def settled(self, model_id: str, failure: Exception | None) -> None:
        """Note how a call ended, for the state that `list` tells."""
        ...

    def unavailable(self, model_id: str) -> Unavailable | None:
        """Say why another model had better be called now. Only who has another one asks: it may be the one call that is let through."""
        ...

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change of the registry or of a state."""
        ...


class Registry(Providers, Protocol):
    """The registry as a person works with it. Whatever names a provider raises `RequestError` ``unknown_provider``.

    A disconnected provider is asked nothing: a call of it raises `ProviderError` ``provider_disconnected``.
    """

    async def connect(self, provider: str) -> ProviderView:
        """Use a provider again, and see whether it is there: the row's state tells."""
        ...

    async def disconnect(self, provider: str) -> ProviderView:
        """Let go of a provider, and use it no more until it is connected again."""
        ...

    async def check(self, provider: str) -> ProviderCheck:
        """Look at a provider's host, for a person who wants to know."""
        ...

    async def find(self, model_id: str) -> ModelView:
        """Return a model as its host lists it. Raises `RequestError` ``unknown_model``; a host that is down cannot say."""
        ...

    async def search(self, query: str, provider: str | None = None, page: str | None = None) -> ModelPage:
        """Return a page of what one host or all have or could install; an empty query matches all. Raises `InvalidParamsError`."""
        ...

    def install(self, model_id: str) -> AsyncIterator[InstallProgress]:
        """Have a host install a model. Closing cancels, unless somebody else waits for it too. Raises `ProviderError`, `RequestError`."""
        ...

    async def unload(self, model_id: str) -> None:
        """Free the memory that a model takes at its host. Raises `ProviderError`."""
        ...


class Favourites(Protocol):
    """The models that the person has marked (implemented by ``storage.favourites``). Raises `StorageError`."""

    async def all(self) -> frozenset[str]:
        """Return their ids (``host/model``)."""
        ...

    async def mark(self, model_id: str, *, favourite: bool) -> None:
        """Mark a model, or take its mark away. To say the same again changes nothing."""
        ...


class Secrets(Protocol):
    """Secrets kept for the person (implemented by ``storage.vault``)."""

    async def reveal(self, name: str) -> str | None:
        """Return the secret ``provider/key``, None when there is none of this name. Raises `StorageError` for a vault that is locked."""
        ...


class SecretStore(Secrets, Protocol):
    """The vault, for those who keep and forget (implemented by ``storage.vault``)."""

    async def keep(self, name: str, value: str) -> None:
        """Keep a secret under a name, in place of the one that was there. Raises `StorageError`."""
        ...

    async def forget(self, name: str) -> None:
        """Take a secret away. Raises `RequestError` ``unknown_key``."""
        ...

    async def names(self) -> tuple[SecretName, ...]:
        """Return the names of what is kept, in order."""
        ...

    async def rotate(self) -> int:
        """Seal every secret under a new data key, all of them or none; return how many. Raises `StorageError`."""
        ...


class RunStore(Protocol):
    """Runs and their journals (implemented by ``storage.journal``). Raises `StorageError`."""

    async def create(self, row: RunRow) -> None:
        """Insert a run, owned by this process."""
        ...

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Append entries and keep texts under their digests, in one transaction; shielded from cancellation.

        A `RunEvent` entry also sets the run's row, a `UsageEvent` its usage; a `MessageEvent` is posted to the run's channel and an ended
        `ToolCallEvent` joins the message that made it. ``durable`` waits for the disk (intents).
        """
        ...

    async def read(self, run_id: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries with ``seq`` > ``after``, in order."""
        ...

    async def text(self, digest: str) -> str:
        """Return a kept text by the digest that `digest_of` gives."""
        ...

    async def reserve(self, run_id: str, count: int) -> int:
        """Set ``count`` sequence numbers aside for this process and return the first: never given twice, also after a crash."""
        ...

    async def row(self, run_id: str) -> RunRow | None:
        """Return a run's row; one whose owner is dead reads ``interrupted``, reason ``server_stopped``."""
        ...

    async def rows(
        self,
        *,
        states: Sequence[RunState] = (),
        channel_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> tuple[RunRow, ...]:
        """Return rows, newest first, older than the run ``before``."""
        ...

    async def claim(self, run_id: str) -> bool:
        """Become the owner of an ended run, to resume or undo it; False while another live process owns it."""
        ...

    async def release(self, run_id: str) -> None:
        """Give up ownership."""
        ...


class ChannelStore(Protocol):
    """Chat channels (implemented by ``storage.channels``)."""

    async def create(self, channel: Channel) -> None:
        """Insert a channel."""
        ...

    async def get(self, channel_id: str) -> Channel | None:
        """Return a channel."""
        ...

    async def update(self, channel: Channel) -> None:
        """Replace a channel's title, folder, state, times, agent and model."""
        ...

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return channels, latest first. ``query`` searches titles and messages. ``active`` is one with a live run of any live process."""
        ...

    async def search(self, query: str, *, limit: int) -> tuple[tuple[str, ChannelMessage], ...]:
        """Return the messages that hold ``query`` in whatever case, latest first, with their channels' ids."""
        ...

    async def delete(self, channel_id: str) -> None:
        """Remove a channel and its messages; its runs keep their journals."""
        ...

    async def post(self, channel_id: str, message: ChannelMessage) -> None:
        """Append a message, or replace the one with its id; sets the channel's ``updated_at``."""
        ...

    async def history(self, channel_id: str, *, before: str | None = None, limit: int = 50) -> ChannelPage:
        """Return the messages before the message ``before`` (default: the latest), oldest first."""
        ...


class MarkStore(Protocol):
    """What people decided about the pieces of conversations (implemented by ``storage.marks``). Raises `StorageError`."""

    async def add(self, channel_id: str, mark: Mark) -> None:
        """Keep a decision."""
        ...

    async def of(self, channel_id: str) -> tuple[Mark, ...]:
        """Return the decisions about a channel, the latest last."""
        ...


class UsageStore(Protocol):
    """Tokens and money (implemented by ``storage.usage``)."""

    async def add(
        self,
        *,
        at: str,
        provider: str,
        model: str,
        agent: str,
        usage: Usage,
        run_id: str | None = None,
        channel_id: str | None = None,
        estimated: bool = False,
        outcome: CallOutcome = "answered",
    ) -> None:
        """Keep what one call used, of a run or of none. ``estimated``: the host did not say it."""
        ...

    async def rows(self, *, by: UsageKey, since: str | None = None) -> tuple[UsageRow, ...]:
        """Return sums by key; a sum with an unknown part is None. What belongs to no run is in no row of a run or channel."""
        ...

    async def total(self, *, since: str | None = None) -> Usage:
        """Return the sum of all calls."""
        ...

    async def spent(
        self, *, run_id: str | None = None, channel_id: str | None = None, agent: str | None = None, since: str | None = None
    ) -> Usage:
        """Return the sum of what is known, of all calls or of a run's, a channel's or an agent's: budgets count that much at least."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace folder."""

    uri: str
    name: str
    absolute: str
    trusted: bool = False


class Workspace(Protocol):
    """Files as the person sees them: open buffers first, then the disk (implemented by ``workspace``).

    Agents see one kind of line end, the line feed, and no byte order mark; what they write gets the file's own ends back, and lines
    they leave alone keep theirs. ``exact`` shows the text as it is: for whoever compares with a `Draft`, which is always exact.
    """

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders, as the editor gives them."""
        ...

    def folder(self, uri: str) -> Folder | None:
        """Return the folder that work can be done in: one of ``folders``, or one inside of them, which another editor has open alone."""
        ...

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path (relative to ``folder``, as for `folder`, or to the first folder, or absolute).

        Raises `ModelMistakeError` when it is outside of all folders, also through symbolic links.
        """
        ...

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:
        """Return the text (None: no such file). Raises `ModelMistakeError` for a folder, a binary or a far too large file."""
        ...

    async def read_many(self, files: Sequence[FileRef], *, room: int) -> tuple[Sequence[tuple[FileRef, str]], bool]:
        """Return the texts of those files that are text, in their order and ``room`` characters at most; say whether these are all."""
        ...

    async def files(self, folder: str | None = None, under: str = "") -> tuple[FileRef, ...]:
        """Return the files below ``under``, sorted by path, without ignored, secret and binary ones; unsaved new buffers are there."""
        ...

    async def change(
        self, file: FileRef, rewrite: Rewrite, *, label: str, on_intent: OnIntent, exact: bool = False, mode: int | None = None
    ) -> Outcome:
        """Change a file: its open buffer through the editor, a closed one on disk by an atomic replacement that keeps its mode.

        A file that is made gets the permission bits ``mode``, or those of any new file.

        Never forces: what the person typed meanwhile stays, ``rewrite`` is matched anew against it. It is pure and runs in a thread.
        A change that changes nothing is `Applied` without an intent. Raises what ``rewrite`` raises.
        """
        ...

    def unsaved(self) -> Mapping[str, str]:
        """Return the texts of buffers that differ from the disk, by absolute path."""
        ...


class Editor(Protocol):
    """The attached editor, as ``workspace`` needs it (implemented by ``lsp``)."""

    async def apply(self, edit: BufferEdit) -> str | None:
        """Send ``workspace/applyEdit`` and return None when the editor says it applied it, else its reason.

        Bounded in time: raises `TimeoutError` when the editor does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to confine. Paths are absolute; ``unsaved`` are texts to show in place of files on disk.

    ``network`` opens the network, ``repository`` lets the command write the version control's own files.
    """

    argv: tuple[str, ...]
    cwd: str
    writable: tuple[str, ...]
    unsaved: Mapping[str, str]
    timeout_s: float
    network: bool = False
    repository: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a command ended.

    ``output`` is both streams, interleaved, its middle cut out when it is too long; ``full_output`` all that was kept.
    """

    exit_code: int | None
    output: str
    full_output: str
    timed_out: bool = False


class Sandbox(Protocol):
    """Runs commands (implemented by ``sandbox``)."""

    async def status(self) -> SandboxView:
        """Say how commands are confined; probes by running one, once."""
        ...

    def seen(self) -> SandboxView:
        """Say what is known without probing: ``unknown`` before the first command."""
        ...

    async def run(self, command: Command) -> CommandResult:
        """Run to the end, or until cancelled, with every child killed. Raises `ModelMistakeError` when it cannot start."""
        ...


class Index(Protocol):
    """Knows where in the workspace is what (implemented by ``index``). ``folder`` is an absolute path.

    Answers come from the last whole state, and say when that is not the latest. Raises `RequestError` ``index_unavailable``.
    """

    @property
    def is_running(self) -> bool:
        """Whether it can be asked without having to be started first."""
        ...

    def watch(self, folder: str) -> None:
        """Build the index of a folder in the background, and keep it up to date until as many have called `unwatch`."""
        ...

    def unwatch(self, folder: str) -> None:
        """Note that somebody who had a folder watched needs it no longer."""
        ...

    def listen(self, listener: Callable[[BuildNews], None]) -> Callable[[], None]:
        """Call ``listener`` while an index is built and when it is whole; returns what ends that."""
        ...

    async def refresh(self, folder: str) -> None:
        """Have in the index what is on disk now."""
        ...

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """Note that files of a folder were written, made or taken away; ``paths`` are relative to it."""
        ...

    def edited(self, folder: str, path: str, text: str | None) -> None:
        """Answer from an open buffer's text instead of the file's, and keep it off the disk; None: the buffer is no more."""
        ...

    async def rank(self, folder: str, question: Question) -> Ranking:
        """Say which files a question is about."""
        ...

    async def overview(self, folder: str, limit: int) -> Overview:
        """Say on which files much of the folder rests."""
        ...

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """Say where a name, or one that holds it, is defined."""
        ...


class LinePredictor(Protocol):
    """Predicts the rest of a line without a model (implemented by ``features.prediction_client``, in a process of its own)."""

    async def predict(self, request: PredictionRequest) -> PredictedLine:
        """Predict; never waits for the project to be read, nor long for anything else. Raises nothing."""
        ...


class Attention(Protocol):
    """Knows what the person has before them (implemented by ``features``)."""

    def about(self, folder: str, text: str, limit: int = 20) -> Question:
        """Return a question to the index of a folder with all that is known of what the person is at there."""
        ...


class Audience(Protocol):
    """Who is told (implemented by front doors). The core does not know how many clients there are."""

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there who is able to answer an approval."""
        ...

    def tell(self, event: AgentEvent) -> None:
        """Tell an event of a run; never blocks."""
        ...

    def channel_changed(self, change: ChannelChanged) -> None:
        """Tell that a channel changed."""
        ...

    def status_changed(self, status: Status) -> None:
        """Tell the server's new state."""
        ...

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Tell which providers there are now, and how each is."""
        ...

    async def ready(self) -> None:
        """Wait while the clients cannot keep up; runs await it between pieces."""
        ...
