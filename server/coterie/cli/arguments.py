"""What can be written after ``coterie``: the grammar of the command line and its help texts. ``main`` is the only caller."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from coterie import __version__
from coterie.base.text import scalars
from coterie.cli.wiring import Listening
from coterie.domain.channels import ChannelState
from coterie.domain.events import RunState

CommandName = Literal[
    "serve",
    "attach",
    "daemon",
    "demo",
    "ask",
    "run",
    "chat",
    "undo",
    "runs",
    "channels",
    "context",
    "index",
    "config",
    "grants",
    "keys",
    "models",
    "predict",
    "doctor",
    "version",
]
Recorded = Literal["serve", "ask", "run", "chat"]
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name

EPILOG = """\
exit status: 0 done · 1 failed · 2 wrong usage · 3 a question waits for an answer (resume the run) · 130 cancelled by Ctrl-C"""

LISTENING = """\
Without a host the network is this machine (127.0.0.1). Where other machines can connect, a token and TLS are demanded."""

PREDICTING = """\
Reads {"path", "prefix", "suffix"} as JSON on each line of standard input, the text of a file before and behind the cursor, and answers
each with {"text", "score"}: the rest of the cursor's line, null where that is not sure enough. The file on disk is not used."""

RECORDING = """\
A recording holds answers and their timing, no prompts and no keys. A host of type "replay" whose `cassette` is the file plays it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A command line, read. What a command does not take keeps its default."""

    command: CommandName
    listening: Listening | None = None
    prompt: str | None = None
    folder: Path = Path()
    workflow: str | None = None
    agent: str | None = None
    model: str | None = None
    resume: str | None = None
    run_id: str = ""
    action: Literal[
        "status",
        "stop",
        "run",
        "show",
        "check",
        "list",
        "set",
        "delete",
        "rotate",
        "search",
        "install",
        "favourite",
        "build",
        "rank",
        "revoke",
    ] = "status"
    name: str = ""
    record_to: Path | None = None
    provider: str | None = None
    remove: bool = False
    origin: bool = False
    channel: str | None = None
    state: str | None = None
    query: str | None = None
    limit: int = 20
    attach: tuple[Path, ...] = ()
    yes_to: tuple[str, ...] = ()
    json: bool = False
    replay: bool = False
    fast: bool = False


def parse(argv: list[str]) -> Arguments:
    """Read a command line; prints help or what is wrong and raises `SystemExit`, as argparse does."""
    parser = _parser()
    values = vars(parser.parse_args(argv))
    if values["command"] == "record":
        return _recorded(values["file"], values["line"], parser)
    listening = _listening(values, parser)
    given: dict[str, Any] = {name: _kept(value) for name, value in values.items() if value is not None}
    return Arguments(listening=listening, **given)


def _kept(value: Any) -> Any:
    """Return an option as it is kept. A word is text, which can be stored and sent on; what names a file may hold bytes that are none."""
    match value:
        case str():
            return scalars(value)
        case list():
            return tuple(_kept(one) for one in value)
        case _:
            return value


def _folder(written: str) -> Path:
    """Read the name of a folder. An empty one is a variable that was not set, and `Path` would take it for the current folder."""
    if not written:
        raise argparse.ArgumentTypeError("a folder's name is empty; '.' is the current one")
    return Path(written)


def _recorded(file: Path, line: list[str], parser: argparse.ArgumentParser) -> Arguments:
    """Read the command that is to be recorded."""
    inner = parse(line[1:] if line[:1] == ["--"] else line)
    if inner.command not in get_args(Recorded) or inner.listening is not None:
        parser.error(f"record takes one of {', '.join(get_args(Recorded))}, on the standard streams")
    if not file.absolute().parent.is_dir():
        parser.error(f"there is no folder {file.absolute().parent}")
    return replace(inner, record_to=file.absolute())


def _listening(values: dict[str, Any], parser: argparse.ArgumentParser) -> Listening | None:
    """Take what ``serve`` says about the network out of ``values``."""
    tcp, ws = values.pop("tcp", None), values.pop("ws", None)
    secrets = {name: values.pop(name, None) for name in ("token_file", "tls_cert", "tls_key")}
    if tcp is not None or ws is not None:
        return Listening(scheme="ws" if tcp is None else "tcp", where=ws if tcp is None else tcp, **secrets)
    if any(secrets.values()):
        parser.error("--token-file, --tls-cert and --tls-key go with --tcp or --ws")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coterie", description="An agent language server: a team of coding agents for every editor.", epilog=EPILOG, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"coterie {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_network(
        commands.add_parser(
            "serve", help="be a language server on the standard streams, which editors start, or on the network", description=LISTENING
        )
    )

    attach = commands.add_parser("attach", help="be a light relay to the shared server of all your editors; editors start this")
    attach.add_argument("--stdio", action="store_const", const=None, help="the transport (also the default)")

    daemon = commands.add_parser("daemon", help="look at the shared server, or stop it")
    daemon.add_argument("action", choices=("status", "stop", "run"), help="'run' is what 'attach' starts by itself")
    _add_json(daemon)

    demo = commands.add_parser("demo", help="show the main job on a sample project in a temporary folder")
    which = demo.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="HOST/MODEL", help="use this model of your configuration instead of the recorded session")
    which.add_argument("--replay", action="store_true", help="play the recorded session without asking")
    demo.add_argument("--fast", action="store_true", help="play the recorded session without its pauses")

    ask = commands.add_parser("ask", help="ask the chat agent about the project in this folder")
    ask.add_argument("prompt", help="the question; '-' reads it from standard input")
    _add_run_options(ask)

    run = commands.add_parser("run", help="have a change made: by one agent, or by the team with --workflow team")
    run.add_argument("prompt", nargs="?", help="what to do; '-' reads it from standard input")
    who = run.add_mutually_exclusive_group()
    who.add_argument("--workflow", metavar="NAME", help="'team' plans, codes, reviews, tests and documents")
    who.add_argument("--agent", metavar="NAME", help="a single agent instead of 'chat'")
    who.add_argument("--resume", metavar="RUN", help="go on with a run that was interrupted or failed")
    _add_run_options(run)

    chat = commands.add_parser("chat", help="talk with the agents in this folder, message by message")
    chat.add_argument("--channel", metavar="CHANNEL", help="go on with this channel of 'coterie channels'")
    chat.add_argument("--agent", metavar="NAME", help="who answers, instead of 'chat'")
    chat.add_argument("--model", metavar="HOST/MODEL", help="instead of the configured model")
    chat.add_argument("--yes-to", metavar="RULE", action="append", help="allow what this rule matches (repeatable)")
    _add_common(chat)

    undo = commands.add_parser("undo", help="take back exactly what a run changed")
    undo.add_argument("run_id", metavar="RUN", help="the run's id, as 'coterie run' printed it")
    _add_common(undo)

    record = commands.add_parser(
        "record",
        help='record what models answer to a command: record FILE run "…"',
        description=RECORDING,
    )
    record.add_argument("file", metavar="FILE", type=Path, help="the recording; one that is there is replaced")
    record.add_argument(
        "line", metavar="COMMAND", nargs=argparse.REMAINDER, help=f"one of {', '.join(get_args(Recorded))}, and its options"
    )

    _add_index(commands)
    _add_lists(commands)
    _add_keys(commands)
    _add_models(commands)
    _add_predict(commands)
    _add_common(commands.add_parser("doctor", help="explain what works here, what does not, and what to do about it"))
    _add_json(commands.add_parser("version", help="print the version"))
    return parser


def _add_index(commands: _Commands) -> None:
    index = commands.add_parser("index", help="build the index of a folder, or bring it up to date")
    _add_common(index)
    which = _add_actions(index, default="build", help="without one the index is built, or brought up to date")
    rank = which.add_parser("rank", help='for each line {"query"} on standard input, write which files it is about: {"files": […]}')
    rank.add_argument("folder", metavar="REPO_DIR", type=_folder, help="the project's folder")


def _add_actions(command: argparse.ArgumentParser, *, default: str, help: str) -> _Commands:  # noqa: A002 - argparse's own word
    """Let a command that takes what most do have actions, and none; ``help`` says what it does then."""
    actions = command.add_subparsers(dest="action", metavar="ACTION", help=help)
    command.set_defaults(action=default)
    command.usage = "%(prog)s [-h] [-C DIR] [--json] [ACTION …]"  # argparse would show an action as one that must be
    return actions


def _add_lists(commands: _Commands) -> None:
    runs = commands.add_parser("runs", help="list runs, the latest first: of every editor and of the command line")
    runs.add_argument("--state", choices=get_args(RunState), help="only those in this state")
    runs.add_argument("--limit", metavar="N", type=int, help="how many at most (default: 20)")
    _add_common(runs)

    channels = commands.add_parser("channels", help="list channels, the latest first")
    channels.add_argument("--state", choices=get_args(ChannelState), help="only those in this state")
    channels.add_argument("--query", metavar="WORDS", help="only those with these words in their title or messages")
    _add_common(channels)

    context = commands.add_parser("context", help="show what the model of a channel reads: each piece, its source and its price")
    context.add_argument("channel", metavar="CHANNEL", help="a channel of 'coterie channels'")
    _add_common(context)

    grants = commands.add_parser("grants", help="list the answers that hold for more than their call, and take them back")
    _add_common(grants)
    which = _add_actions(grants, default="list", help="without one they are listed")
    revoke = which.add_parser("revoke", help="take one back: it is asked for again by the very next call")
    revoke.add_argument("name", metavar="GRANT", help="one of 'coterie grants'")
    _add_common(revoke, inner=True)

    config = commands.add_parser("config", help="show the settings that hold in a folder, or check them")
    config.add_argument("action", choices=("show", "check"))
    config.add_argument("--origin", action="store_true", help="with each value, the layer that it comes from")
    _add_common(config)


def _add_keys(commands: _Commands) -> None:
    keys = commands.add_parser("keys", help="keep the keys of model hosts in the vault, list their names, or take them out")
    which_key = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_json(which_key.add_parser("list", help="list the names"))
    for action, does in (("set", "keep a key, typed unseen or piped in"), ("delete", "take a key out")):
        named = which_key.add_parser(action, help=does)
        named.add_argument("name", metavar="PROVIDER[/KEY]", help="whose key; `api_key` where no other is named")
        _add_json(named)
    _add_json(which_key.add_parser("rotate", help="encrypt all of them anew, under a new data key"))


def _add_models(commands: _Commands) -> None:
    models = commands.add_parser("models", help="list the models of all hosts, search them, have one installed, mark favourites")
    _add_common(models)
    which = _add_actions(models, default="list", help="without one the models are listed")
    listed = which.add_parser("list", help="list what is there (also the default)")
    search = which.add_parser("search", help="list what matches, also what a host could install")
    search.add_argument("query", metavar="QUERY", help="words of the name; '' finds everything")
    for action in (listed, search):
        action.add_argument("--provider", metavar="HOST", help="of this host only")
    install = which.add_parser("install", help="have a host fetch a model; Ctrl-C breaks it off, and some hosts go on there the next time")
    favourite = which.add_parser("favourite", help="mark a model; favourites are listed first")
    favourite.add_argument("--remove", action="store_true", help="take the mark away")
    for action in (install, favourite):
        action.add_argument("name", metavar="HOST/MODEL", help="the model")
    for action in (listed, search, install, favourite):
        _add_common(action, inner=True)


def _add_predict(commands: _Commands) -> None:
    predict = commands.add_parser(
        "predict",
        help="say what a folder's own code would write next, without a model",
        description=PREDICTING,
    )
    predict.add_argument("folder", metavar="REPO_DIR", type=_folder, help="the folder whose files are known")


def _add_network(parser: argparse.ArgumentParser) -> None:
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_const", const=None, help="the standard streams (also the default)")
    transport.add_argument("--tcp", metavar="[HOST:]PORT", help="listen for LSP on TCP; port 0 takes a free one and says which")
    transport.add_argument("--ws", metavar="[HOST:]PORT", help="listen for WebSocket, one message in each text frame")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="demand the token in this file (or in COTERIE_TOKEN)")
    parser.add_argument("--tls-cert", metavar="FILE", type=Path, help="the certificate chain (PEM); with --tls-key")
    parser.add_argument("--tls-key", metavar="FILE", type=Path, help="its private key (PEM)")


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="HOST/MODEL", help="instead of the configured model")
    parser.add_argument("--attach", metavar="FILE", action="append", type=Path, help="give the agent a file to read first (repeatable)")
    parser.add_argument(
        "--yes-to",
        metavar="RULE",
        action="append",
        help="allow what this rule matches, such as 'exec(pytest *)' or 'gate(plan)' (repeatable)",
    )
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser, *, inner: bool = False) -> None:
    """Add what most commands take; ``inner`` is for actions below a command that takes it, too, and must not be overruled by a default."""
    default = argparse.SUPPRESS if inner else None
    parser.add_argument(
        "-C", "--folder", metavar="DIR", type=_folder, default=default, help="the project's folder (default: the current one)"
    )
    _add_json(parser, inner=inner)


def _add_json(parser: argparse.ArgumentParser, *, inner: bool = False) -> None:
    default = argparse.SUPPRESS if inner else False
    parser.add_argument("--json", action="store_true", default=default, help="write JSON, one value a line")
