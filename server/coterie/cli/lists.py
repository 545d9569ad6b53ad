"""``coterie runs`` and ``coterie channels``: what there is, of every editor and of the command line, the latest first.

``coterie context`` is what the model of one of these channels reads, ``coterie grants`` what a person has answered for longer than once.
"""

from __future__ import annotations

from typing import assert_never

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.terminal import Output
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line, Style
from coterie.domain.channels import Channel
from coterie.domain.permissions import Grant
from coterie.domain.runs import RunSummary
from coterie.domain.wire import to_wire
from coterie.features.application import Application
from coterie.features.context_text import as_markdown
from coterie.features.runs import title_of

_STYLES: dict[str, Style] = {"succeeded": "good", "failed": "bad", "interrupted": "warn", "waiting": "warn", "running": "strong"}


async def listed(arguments: Arguments, wiring: Wiring, output: Output) -> int:
    """Write what was asked for."""
    audience = QueueAudience(can_answer=False)
    core = await opened(wiring, Invocation(folder=arguments.folder.absolute(), settings={}, audience=audience), output)
    try:
        if arguments.command == "runs":
            await _runs(core.application, arguments, output)
        elif arguments.command == "grants":
            await _grants(core.application, arguments, output)
        elif arguments.command == "context":
            await _context(core.application, arguments, output)
        else:
            await _channels(core.application, arguments, output)
    finally:
        await core.application.aclose()
    return exits.OK


async def _runs(application: Application, arguments: Arguments, output: Output) -> None:
    page = await application.runs.list(state=arguments.state, limit=arguments.limit)
    lines = [Line(_run(run), _STYLES.get(run.state, "plain")) for run in page.runs]
    if page.more:
        lines.append(Line("… and more: --limit N", "dim"))
    output.result(to_wire(page), tuple(lines) or (Line("No runs yet.", "dim"),))


def _run(run: RunSummary) -> str:
    who = run.workflow or run.agent or "chat"
    cost = "" if run.usage.usd is None else f"  ${run.usage.usd:.4f}"
    return f"{run.run_id}  {run.started_at[:16].replace('T', ' ')}  {run.state:<11}  {who:<5}{cost}  {title_of(run.prompt)}"


async def _channels(application: Application, arguments: Arguments, output: Output) -> None:
    channels = await application.channels.list(state=arguments.state, query=arguments.query)
    lines = tuple(Line(_channel(channel), "strong" if channel.state == "active" else "plain") for channel in channels)
    output.result({"channels": [to_wire(channel) for channel in channels]}, lines or (Line("No channels.", "dim"),))


def _channel(channel: Channel) -> str:
    return f"{channel.channel_id}  {channel.updated_at[:16].replace('T', ' ')}  {channel.state:<8}  {channel.folder:<5}  {channel.title}"


async def _grants(application: Application, arguments: Arguments, output: Output) -> None:
    if arguments.action == "revoke":
        revoked = await application.grants.revoke(arguments.name)
        output.result({"revoked": to_wire(revoked)}, (Line(f"revoked: {_grant(revoked)}", "good"),))
        return
    grants = await application.grants.list()
    lines = tuple(Line(f"{grant.grant_id}  {_grant(grant)}", "plain" if grant.verdict == "allow" else "bad") for grant in grants)
    nothing = Line("Nothing is allowed or rejected for longer than once.", "dim")
    output.result({"grants": [to_wire(grant) for grant in grants]}, lines or (nothing,))


def _grant(grant: Grant) -> str:
    match grant.scope:
        case "run":
            until = f"in {grant.run_id} ({grant.title})"
        case "session":
            until = "until restart"
        case "user":
            until = "always"
        case _:
            assert_never(grant.scope)
    return f"{'allowed' if grant.verdict == 'allow' else 'rejected'} {until}: {grant.rule}"


async def _context(application: Application, arguments: Arguments, output: Output) -> None:
    view = await application.inspector.inspect(channel_id=arguments.channel)
    output.result(to_wire(view), tuple(map(Line, as_markdown(view).splitlines())))
