"""What the core tells and asks, as messages to the client: the `Audience` and the `Editor` of an attachment.

``session`` makes them when the core is built; the `Window`, which is there before, is in ``wire``. A rich client gets
``agent/*``; what every other one gets is in ``bare``. Nothing here blocks: messages go through the bounded queue of ``transport``.
"""

from __future__ import annotations

from collections.abc import Callable

from pygls.exceptions import JsonRpcException

from coterie.base.ids import now
from coterie.domain.channels import ChannelChanged
from coterie.domain.edits import BufferEdit
from coterie.domain.events import AgentEvent, WarningEvent
from coterie.domain.preferences import SettingsChanged
from coterie.domain.status import ProviderView, Status
from coterie.domain.wire import to_wire
from coterie.lsp import protocol
from coterie.lsp.convert import Client, workspace_edit
from coterie.lsp.frames import Frames, Later, Latest
from coterie.lsp.payloads.models import ProvidersChanged
from coterie.lsp.wire import Wire

EDIT_TIMEOUT_S = 10.0


class RichAudience:
    """A client that knows ``agent/*``. While it is detached it gets nothing; when it is back it is told to catch up."""

    def __init__(self, wire: Wire, later: Later) -> None:
        self._wire = wire
        self._frames = Frames(self._send, later)
        self._providers = Latest(self._send_providers, later)
        self._missed = False

    @property
    def can_answer(self) -> bool:
        """Whether the client is there and reads."""
        return not self._wire.detached

    def tell(self, event: AgentEvent) -> None:
        """Send an event, deltas once per frame."""
        self._frames.tell(event)

    def _send(self, event: AgentEvent) -> None:
        self._notify(protocol.EVENT, event)

    def channel_changed(self, change: ChannelChanged) -> None:
        """Send ``agent/channel/changed``."""
        self._notify(protocol.CHANNEL_CHANGED, change)

    def status_changed(self, status: Status) -> None:
        """Send ``agent/status/changed``."""
        self._notify(protocol.STATUS_CHANGED, status)

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Send ``agent/provider/changed``, a few times a second at most."""
        self._providers.tell(ProvidersChanged(providers=providers))

    def settings_changed(self, change: SettingsChanged) -> None:
        """Send ``agent/settings/changed``."""
        self._notify(protocol.SETTINGS_CHANGED, change)

    def _send_providers(self, changed: ProvidersChanged) -> None:
        self._notify(protocol.PROVIDER_CHANGED, changed)

    def _notify(self, method: str, params: object) -> None:
        if self._wire.detached:
            self._missed = True
        else:
            self._wire.notify(method, to_wire(params))

    async def ready(self) -> None:
        """Wait while the client cannot keep up."""
        await self._wire.ready()

    def back(self) -> None:
        """Tell a client that reads again that it has missed something."""
        if self._missed:
            self._missed = False
            text = "Events were not sent while this client read nothing: catch up with agent/run/events."
            self._send(AgentEvent(seq=0, at=now(), event=WarningEvent(code="events_missed", text=text)))


class ClientEditor:
    """Edits of open buffers by ``workspace/applyEdit``. ``applied`` hears of each that the editor says it applied."""

    def __init__(self, wire: Wire, client: Client, applied: Callable[[BufferEdit], None]) -> None:
        self._wire = wire
        self._client = client
        self._applied = applied

    async def apply(self, edit: BufferEdit) -> str | None:
        """Ask the editor to apply an edit; None when it says that it did, else why not.

        Raises `TimeoutError` when it does not answer: unlike a refusal, that says nothing of what it may still do.
        """
        if not self._client.apply_edit:
            return "the editor does not let a server edit its buffers"
        params = {"label": edit.label, "edit": workspace_edit(edit, self._client)}
        try:
            answer = await self._wire.ask("workspace/applyEdit", params, within_s=EDIT_TIMEOUT_S)
        except JsonRpcException as refusal:
            return f"the editor refused: {refusal}"
        if isinstance(answer, dict) and answer.get("applied") is True:
            self._applied(edit)
            return None
        reason = answer.get("failureReason") if isinstance(answer, dict) else None
        return str(reason or "the editor did not apply the edit and gave no reason")
