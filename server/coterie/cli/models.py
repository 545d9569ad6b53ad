"""``coterie models``: what models there are, on which host and in which state; and how one gets there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.terminal import Output
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line, Style
from coterie.domain.status import InstallProgress, ModelView
from coterie.domain.wire import to_wire
from coterie.features.protocol_faces import Catalogue

_THOUSAND = 1000
_MEGABYTE = 1_000_000
_STYLES: dict[str, Style] = {"down": "dim", "loaded": "good", "loading": "warn"}


async def browse(arguments: Arguments, wiring: Wiring, output: Output) -> int:
    """List, search, install or mark."""
    core = await opened(
        wiring, Invocation(folder=arguments.folder.absolute(), settings={}, audience=QueueAudience(can_answer=False)), output
    )
    catalogue = core.application.catalogue
    try:
        match arguments.action:
            case "search":
                await _search(catalogue, arguments, output)
            case "install":
                await _install(catalogue, arguments.name, output)
            case "favourite":
                view = await catalogue.favourite(arguments.name, favourite=not arguments.remove)
                output.result(to_wire(view), (_line(view),))
            case _:
                await _list(catalogue, arguments.provider, output)
    finally:
        await core.application.aclose()
    return exits.OK


async def _list(catalogue: Catalogue, provider: str | None, output: Output) -> None:
    await catalogue.discover()
    views = await catalogue.models(provider)
    for each in await catalogue.providers():
        if each.error is not None and provider in {None, each.id}:
            output.line(Line(f"{each.id}: {each.error}", "warn"))
    _show(views, output, otherwise="No models: `coterie doctor` says more about the hosts.")


async def _search(catalogue: Catalogue, arguments: Arguments, output: Output) -> None:
    found: list[ModelView] = []
    page: str | None = None
    while True:
        answer = await catalogue.search(arguments.query or "", provider=arguments.provider, page=page)
        found += answer.models
        page = answer.next
        if page is None:
            break
    _show(found, output, otherwise="Nothing matches.")


async def _install(catalogue: Catalogue, model_id: str, output: Output) -> None:
    async with aclosing(catalogue.install(model_id)) as progress:
        async for each in progress:
            share = each.completed / each.total if each.total and each.completed is not None else None
            output.progress({"progress": to_wire(each)}, _words(each), share)
    view = await catalogue.model(model_id)
    output.result({"model": to_wire(view)}, (Line(f"installed: {view.id}", "good"),))


def _show(views: Iterable[ModelView], output: Output, *, otherwise: str) -> None:
    ordered = sorted(views, key=lambda view: not view.favourite)
    lines = tuple(map(_line, ordered)) or (Line(otherwise, "dim"),)
    output.result({"models": [to_wire(view) for view in ordered]}, lines)


def _line(view: ModelView) -> Line:
    about = [f"{view.context_tokens // _THOUSAND}k tokens" if view.context_tokens else "", _cost(view)]
    about += [view.state if view.state != "available" else "", "" if view.installed else "can be installed"]
    return Line("  ".join([f"{'★' if view.favourite else ' '} {view.id}", *filter(None, about)]), _STYLES.get(view.state, "plain"))


def _cost(view: ModelView) -> str:
    price = view.price
    if price is None or price.input is None or price.output is None:
        return ""
    return "free" if not price.input and not price.output else f"${price.input:g} in, ${price.output:g} out"


def _words(progress: InstallProgress) -> str:
    return f"{progress.text}, {progress.total // _MEGABYTE} MB:" if progress.total else progress.text
