"""The vault: ``agent/key/*``. Values come in and never go out."""

from __future__ import annotations

from coterie.base.errors import InvalidParamsError
from coterie.domain.secrets import provider_of
from coterie.lsp import protocol
from coterie.lsp.payloads.secrets import KeyDeleted, KeyListResult, KeyParams, KeySet, KeySetParams
from coterie.lsp.protocol import NoParams
from coterie.lsp.session import Handlers, Session


async def list_keys(session: Session, _params: NoParams) -> KeyListResult:
    """``agent/key/list``."""
    return KeyListResult(keys=await session.application.secrets.list())


async def set_key(session: Session, params: KeySetParams) -> KeySet:
    """``agent/key/set``."""
    reference = await session.application.secrets.set(_named(params.name, params.provider, params.key), params.value)
    name = reference.removeprefix("vault://")
    return KeySet(name=name, provider=provider_of(name), reference=reference)


async def delete_key(session: Session, params: KeyParams) -> KeyDeleted:
    """``agent/key/delete``."""
    return KeyDeleted(name=await session.application.secrets.delete(_named(params.name, params.provider, params.key)))


def _named(name: str | None, provider: str | None, key: str | None) -> str:
    if name is not None:
        return name
    if provider is None:
        raise InvalidParamsError("Say which key: `name` is `provider/key`, or the provider alone.")
    return provider if key is None else f"{provider}/{key}"


HANDLERS: Handlers = {
    protocol.KEY_LIST: list_keys,
    protocol.KEY_SET: set_key,
    protocol.KEY_DELETE: delete_key,
}
