"""What works, what does not and why, as ``agent/status`` tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coterie import __version__
from coterie.base.errors import StorageError
from coterie.domain.model_ports import Providers
from coterie.domain.status import Degraded, IndexView, Mode, ProviderHealth, ProviderView, Status, SuggestionsView
from coterie.domain.workspace_ports import Sandbox

SUPERSEDED = (
    f"Coterie was installed anew, or removed, while this server (version {__version__}) runs: what it has not loaded yet may not fit. "
    "Restart it when its runs are done; what is started from now on is the new one."
)
NO_MODEL = (
    "No model is configured. Enter a key (`coterie keys set anthropic`), set ANTHROPIC_API_KEY or OPENAI_API_KEY, or add a provider to the "
    "settings; `coterie doctor` says more."
)


def status_of(
    providers: Providers,
    sandbox: Sandbox,
    problems: Callable[[], tuple[str, ...]],
    *,
    model: str | None = None,
    storage: StorageError | None = None,
    no_daemon: str | None = None,
    superseded: bool = False,
    index: IndexView | None = None,
    suggestions: SuggestionsView | None = None,
    unwatched: str | None = None,
    unindexed: str | None = None,
) -> Status:
    """Return the server's state from what is known already: nothing is probed for it.

    ``problems`` are the settings' own, ``model`` the one that serves who names none; ``storage`` is why nothing can be kept, if that was
    found out; ``no_daemon`` is why a client that wanted the shared server has none; ``superseded`` says that its files are others by now;
    ``index`` is how the index stands, ``unwatched`` why it does not follow the disk by itself, ``unindexed`` why there is none;
    ``suggestions`` is how ghost text stands.
    """
    views = providers.list()
    confined = sandbox.seen()
    degraded = [Degraded(code="settings", text=problem) for problem in problems()]
    if storage is not None:
        degraded.append(Degraded(code=storage.code, text=storage.message))
    if no_daemon is not None:
        text = f"No shared server is possible ({no_daemon}): this editor has one of its own, and other editors do not see its runs live."
        degraded.append(Degraded(code="no_daemon", text=text))
    if superseded:
        degraded.append(Degraded(code="superseded", text=SUPERSEDED))
    if not views:
        degraded.append(Degraded(code="no_provider", text=NO_MODEL))
    degraded += [Degraded(code=f"provider_{view.state}", text=f"{view.id}: {view.error}") for view in views if view.error]
    if confined.level == "none":
        why = f" ({confined.reason})" if confined.reason else ""
        degraded.append(Degraded(code="no_sandbox", text=f"Commands are not confined on this machine{why}: each one is asked for."))
    if unwatched is not None:
        degraded.append(Degraded(code="index_unwatched", text=unwatched))
    if unindexed is not None:
        degraded.append(Degraded(code="index_unavailable", text=unindexed))
    return Status(
        version=__version__,
        mode=_mode(views, model),
        providers=tuple(ProviderHealth(id=view.id, type=view.type, state=view.state, error=view.error) for view in views),
        sandbox=confined,
        degraded=tuple(degraded),
        index=index,
        suggestions=suggestions,
    )


def _mode(views: Sequence[ProviderView], model: str | None) -> Mode:
    """Say where the work is done: by a farm, unless that is known to be of no use, or from here."""
    host = (model or "").partition("/")[0]
    farm = next((view for view in views if view.id == host and view.type == "botserver"), None)
    if farm is None:
        return "local"
    return "remote" if farm.state in {"ready", "unknown"} else "fallback"
