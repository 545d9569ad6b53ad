"""``coterie doctor``: explains what works in this folder, what does not, and what to do about it.

It looks at what every other command stands on: the settings, the database (which it reads through), the models' hosts (which it asks), the
sandbox (which it tries by running a command in it), the project's tests. The status is 1 when no agent could work here.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from coterie import __version__
from coterie.base.errors import CoterieError
from coterie.base.tasks import side_by_side
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.daemon import ask_status
from coterie.cli.terminal import Output
from coterie.cli.wiring import Core, Invocation, Surroundings, Wiring
from coterie.cli.wording import Line, Style
from coterie.domain.status import DatabaseView, ProviderView, SandboxView
from coterie.domain.suggestions import SuggestionExplanation
from coterie.features.protocol_faces import Catalogue
from coterie.tools.discovery import discover_tests

State = Literal["good", "worse", "bad", "fact"]

_SIGNS: dict[State, tuple[str, Style]] = {"good": ("✓", "good"), "worse": ("!", "warn"), "bad": ("✗", "bad"), "fact": ("·", "plain")}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``bad`` means that agents cannot work, ``worse`` that something is missing."""

    subject: str
    state: State
    text: str


async def examine(arguments: Arguments, wiring: Wiring, output: Output) -> int:
    """Look at everything, tell it, and return the exit status."""
    folder = arguments.folder.absolute()
    surroundings = wiring.surroundings(folder)
    checks = [*_itself(), *_settings(surroundings)]
    if (data := surroundings.places.get("data")) is not None:
        checks.append(_database(await asyncio.to_thread(wiring.database, data)))
    try:
        core = await wiring.open(Invocation(folder=folder, settings={}, audience=QueueAudience(can_answer=False)))
    except CoterieError as error:
        checks.append(Check("core", "bad", error.message))
    else:
        checks += [Check("settings", "fact", done) for done in core.problems if done not in surroundings.problems]
        try:
            checks += [*await _models(core, surroundings), await _sandbox(core)]
        finally:
            await core.application.aclose()
    checks += [_tests(folder, surroundings), _ghost_text(surroundings), await _shared_server(), *_editors(surroundings)]
    output.result({"checks": [asdict(check) for check in checks]}, tuple(map(_line, checks)))
    return exits.FAILED if any(check.state == "bad" for check in checks) else exits.OK


def _database(found: DatabaseView) -> Check:
    if found.problem is not None:
        return Check("database", "bad", found.problem + _writing(found))
    if found.schema_version is None:
        return Check("database", "fact", f"none yet: the first run makes {found.path}")
    used = f"; runs belong to {_processes(found.servers)}" if found.servers else ""
    text = f"sound: schema {found.schema_version}, {found.size / 1_000_000:.1f} MB at {found.path}{used}{_writing(found)}"
    return Check("database", "good", text)


def _writing(found: DatabaseView) -> str:
    return "" if found.writer is None else f"; {_processes([found.writer])} is writing"


def _processes(pids: Sequence[int]) -> str:
    return f"process{'es' if len(pids) > 1 else ''} {', '.join(map(str, pids))}"


def _ghost_text(surroundings: Surroundings) -> Check:
    if surroundings.ghost_text is None:
        return Check("ghost text", "fact", "off: `suggestions.enabled` is false")
    if surroundings.ghost_text == "none":
        return Check("ghost text", "good", "from the project alone, without a model; `completion_model` names one")
    return Check("ghost text", "good", surroundings.ghost_text)


async def _shared_server() -> Check:
    try:
        status = await asyncio.to_thread(ask_status)
    except (FileNotFoundError, ConnectionRefusedError):
        return Check("daemon", "fact", "not running: the first `coterie attach` starts it")
    except OSError as reason:
        return Check("daemon", "worse", f"not possible here ({reason}): each editor gets a server of its own")
    return Check("daemon", "good", f"process {status['pid']}, editors: {status['editors']}, runs: {status['runs']}")


def _editors(surroundings: Surroundings) -> Iterator[Check]:
    if not surroundings.editors:
        yield Check("editor", "fact", "none has been here yet")
    for seen in surroundings.editors:
        said = seen.introduction
        who = f"{said.name} {said.version}".strip()
        mode = "a client of its own: everything by agent/*" if said.rich else "zero-plugin mode: prompts, progress, code actions"
        server = "the shared server" if seen.shared else "a server of its own"
        yield Check("editor", "good", f"{who} ({seen.at[:16].replace('T', ' ')}, {server}): {mode}")
        if lacking := [what for what, announced in said.can.items() if not announced]:
            yield Check("editor", "worse", f"{who} did not announce: {', '.join(lacking)}")
        if seen.suggestion is not None:
            yield _latest_suggestion(who, seen.suggestion)


def _latest_suggestion(who: str, latest: SuggestionExplanation) -> Check:
    when = "" if latest.at is None else f" at {latest.at[11:16]} UTC"
    file = "" if latest.uri is None else f" in {unquote(latest.uri.rpartition('/')[2])}"
    state: State = "good" if latest.stage == "offered" else "fact"
    return Check("ghost text", state, f"{who}, asked{when}{file}: {latest.text} ({latest.stage}: {latest.reason})")


def _line(check: Check) -> Line:
    sign, style = _SIGNS[check.state]
    return Line(f"{sign} {check.subject:<12} {check.text}", style)


def _itself() -> Iterator[Check]:
    yield Check("coterie", "fact", __version__)
    yield Check("python", "fact", f"{platform.python_version()} at {sys.executable}")
    git = shutil.which("git")
    yield Check("git", "good", git) if git else Check("git", "worse", "not found on PATH")


def _settings(surroundings: Surroundings) -> Iterator[Check]:
    for what, place in surroundings.places.items():
        yield Check(what, "fact", str(place))
    for problem in surroundings.problems:
        yield Check("settings", "worse", problem)
    if not surroundings.problems:
        yield Check("settings", "good", "no unknown or wrong key")
    for note in surroundings.notes:
        yield Check("settings", "fact", note)


async def _models(core: Core, surroundings: Surroundings) -> list[Check]:
    catalogue = core.application.catalogue
    found = await catalogue.discover()
    looks = await side_by_side(*(_look_at(catalogue, provider) for provider in found))
    states = {provider.id: look.state for provider, look in zip(found, looks, strict=True)}
    return [*looks, _model(surroundings.model or await catalogue.default_model(), states)]


async def _look_at(catalogue: Catalogue, provider: ProviderView) -> Check:
    seen = await catalogue.check(provider.id)
    kind = provider.type if provider.origin != "found" else f"{provider.type}, found here"
    if seen.state != "ready":
        return Check("provider", "fact" if seen.state == "unknown" else "worse", f"{provider.id} ({kind}): {seen.text}")
    models = len(await catalogue.models(provider.id))
    return Check("provider", "good", f"{provider.id} ({kind}): {models} {'model' if models == 1 else 'models'}")


def _model(model: str | None, hosts: Mapping[str, State]) -> Check:
    """Judge the model that serves who names none by its host; of a host that only a call makes known nothing can be said."""
    others_work = any(state == "good" for state in hosts.values())
    if model is not None:
        host = model.partition("/")[0]
        if hosts.get(host) != "worse":
            return Check("model", "good", model)
        return Check("model", "worse" if others_work else "bad", f"{model}: its host `{host}` cannot be used, see above")
    if others_work:
        return Check("model", "bad", 'none chosen: set `model = "host/model"` in config.toml')
    return Check("model", "bad", "none: `coterie keys set anthropic`, set ANTHROPIC_API_KEY or OPENAI_API_KEY, or add a [providers.X]")


async def _sandbox(core: Core) -> Check:
    view: SandboxView = await core.sandbox.status()
    if view.level == "bubblewrap":
        return Check("sandbox", "good", "bubblewrap: commands see no secrets, no network, and write in the workspace only")
    return Check("sandbox", "worse", f"none, so every command asks: {view.reason or 'no reason known'}")


def _tests(folder: Path, surroundings: Surroundings) -> Check:
    if surroundings.test_command is not None:
        return Check("tests", "good", f"{surroundings.test_command} (from the settings)")
    if (found := discover_tests(folder)) is not None:
        return Check("tests", "good", f"{found} (found in this folder)")
    return Check("tests", "worse", 'no test command found in this folder: name it in .coterie/config.toml, [tests] command = "…"')
