"""The ports to what is kept: runs, channels, decisions, usage, favourites and secrets. ``storage`` implements them, a module for each.

Values that cross are frozen; every method may be cancelled at its await points unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.channels import Channel, ChannelMessage, ChannelPage, Fork
    from coterie.domain.events import RunState
    from coterie.domain.inspection import Mark
    from coterie.domain.records import Entry
    from coterie.domain.runs import RunRow
    from coterie.domain.secrets import SecretName
    from coterie.domain.usage import Usage, UsageKey, UsageRow, UsedCall


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

    async def granting(self) -> tuple[RunRow, ...]:
        """Return the rows of runs that go on, or can be resumed, and in which a person ever granted something; newest first."""
        ...

    async def claim(self, run_id: str) -> bool:
        """Become the owner of an ended run, to resume or undo it; False while another live process owns it."""
        ...

    async def release(self, run_id: str) -> None:
        """Give up ownership."""
        ...


ChannelField: TypeAlias = Literal["title", "folder", "state", "updated_at", "agent", "model"]


class ChannelStore(Protocol):
    """Chat channels (implemented by ``storage.channels``)."""

    async def create(self, channel: Channel) -> None:
        """Insert a channel."""
        ...

    async def fork(self, channel: Channel, fork: Fork, messages: Sequence[ChannelMessage]) -> None:
        """Insert a channel that begins with these messages, and with what people decided about the pieces of the other one's."""
        ...

    async def fork_of(self, channel_id: str) -> Fork | None:
        """Return where a channel comes from; None where it was opened."""
        ...

    async def get(self, channel_id: str) -> Channel | None:
        """Return a channel."""
        ...

    async def update(self, channel: Channel, *fields: ChannelField) -> None:
        """Write these fields of a channel; what others have written of the rest stays."""
        ...

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return channels, latest first. ``query`` searches titles and messages. ``active`` is one with a live run of any live process."""
        ...

    async def search(self, query: str, *, limit: int) -> tuple[tuple[str, ChannelMessage], ...]:
        """Return the messages that hold ``query`` in whatever case, latest first, with their channels' ids."""
        ...

    async def version(self) -> int:
        """Return a number that is another one once another server has written anything; what this one writes does not change it."""
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

    async def add(self, call: UsedCall) -> None:
        """Keep what one call used."""
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
