"""The result of a team run as one message to the person: what changed, how it was verified, what is open, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from coterie.agents.history import History
from coterie.domain.usage import Usage


def report(history: History) -> str:
    """Word the result of a team run from its artifacts, which the server completed, not from the agents' claims."""
    return "\n\n".join(part for part in (_changed(history), _verified(history), _open(history), cost(history.usage)) if part)


def cost(usage: Usage) -> str:
    """Word tokens and money; what is not known is said to be so."""
    money = "price unknown" if usage.usd is None else f"${usage.usd:.4f}"
    return f"**Used**: {usage.tokens} tokens, {money}."


def _changed(history: History) -> str:
    patch = history.latest("patch") or {}
    docs = history.latest("docs") or {}
    paths = [file["path"] for part in (patch, docs) for file in part.get("files", ())]
    files = ", ".join(f"`{path}`" for path in dict.fromkeys(paths)) or "no file"
    return f"**Changed**: {files}. {patch.get('summary', '')}".rstrip()


def _verified(history: History) -> str:
    run = history.latest("testrun") or {}
    if run.get("command") is None:
        return "**Verified**: not by tests: none could be run."
    how = "passed" if run.get("exit_code") == 0 else f"ended with {run.get('exit_code')}"
    return f"**Verified**: `{run['command']}` {how}."


def _open(history: History) -> str:
    lines = list(_open_points(history))
    return "**Open**:\n" + "\n".join(f"- {line}" for line in lines) if lines else ""


def _open_points(history: History) -> Iterator[str]:
    run = history.latest("testrun") or {}
    for test in run.get("known_failures", ()):
        yield f"`{test}` failed before the run and still does"
    for finding in (history.latest("findings") or {}).get("findings", ()):
        place = f"{finding['file']}:{finding['line']}" if finding.get("line") else finding["file"]
        yield f"{finding['severity']}: {finding['title']} (`{place}`)"
