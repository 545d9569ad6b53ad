"""Parses the command line and hands it to its command.

``coterie.__main__`` calls `main`. Each command's module is imported when it is used, so that ``serve`` starts as light as a server can.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias, assert_never, cast

from coterie import __version__
from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.cli import exits
from coterie.cli.arguments import Arguments, parse
from coterie.cli.outlet import Outlet, UnwrittenError
from coterie.cli.wiring import Wiring

if TYPE_CHECKING:
    from coterie.cli.terminal import Output, Streams

_Look: TypeAlias = Literal["runs", "channels", "context", "grants", "models", "config", "doctor", "daemon", "version"]
_Local: TypeAlias = Literal["index", "predict"]
_Command: TypeAlias = Literal["ask", "run", "chat", "undo", "demo", "keys"] | _Look


def main(argv: list[str], wiring: Wiring) -> int:
    """Do what ``argv`` says and return the exit status (see ``exits``). Raises `SystemExit` for help and wrong usage."""
    try:
        return _obey(argv, wiring)
    except UnwrittenError as unwritten:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not _takes_all(stream):  # what Python still holds must not fail again at exit
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(unwritten.reason, BrokenPipeError) and sys.stderr is not None:  # the reader of a pipe has left, and knows it
            with suppress(OSError):
                sys.stderr.write(f"coterie: Standard output cannot be written: {unwritten.reason.strerror}.\n")
        return exits.FAILED


def _takes_all(stream: TextIO) -> bool:
    """Say whether all that is kept comes through: what a stream with a buffer could not write it keeps, and fails with again."""
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _obey(argv: list[str], wiring: Wiring) -> int:
    try:
        arguments = parse(argv)
    except SystemExit:
        if sys.stdout is not None:
            Outlet(sys.stdout).flush()  # argparse does not look whether its words came through
        raise
    if arguments.record_to is not None:
        arguments.record_to.unlink(missing_ok=True)
        wiring = wiring.recording(arguments.record_to)
    if arguments.command == "serve" or arguments.command == "attach":  # noqa: PLR1714 - the type checker follows; an ``attach`` that comes this far found no daemon (see ``coterie.__main__``)
        return wiring.serve_stdio() if arguments.listening is None else wiring.listen(arguments.listening)
    if arguments.command == "daemon" and arguments.action == "run":
        return wiring.run_daemon()
    from coterie.cli.terminal import Streams, output_for  # noqa: PLC0415 - see the module's docstring

    # What whoever started us has closed is None: nothing is said there, and what is written is lost.
    stdin, stdout, stderr = (stream or StringIO() for stream in (sys.stdin, sys.stdout, sys.stderr))
    stdout, stderr = (cast("TextIO", Outlet(stream)) for stream in (stdout, stderr))
    _read_as_text(stdin)
    streams = Streams(stdin=stdin, stdout=stdout, stderr=stderr, environ=dict(os.environ))
    output = output_for(streams, machine=arguments.json)
    try:
        return _run(arguments.command, arguments, wiring, output, streams)
    except CoterieError as error:
        output.error(error)
        return exits.of_error(error)
    except KeyboardInterrupt:
        return exits.CANCELLED
    finally:
        if arguments.record_to is not None:
            _tell_recording(arguments.record_to, output)


def _read_as_text(stdin: TextIO) -> None:
    """Have what is piped in read as UTF-8 whatever the locale, as files are, and bytes that are no text as signs that say so."""
    if (reconfigure := getattr(stdin, "reconfigure", None)) is not None:
        # Some tools begin a file with a mark of its encoding.
        reconfigure(encoding=None if stdin.isatty() else "utf-8-sig", errors="replace")


def _tell_recording(file: Path, output: Output) -> None:
    from coterie.cli.wording import Line  # noqa: PLC0415 - see the module's docstring

    done = file.is_file()
    output.line(Line(f"recorded in {file}" if done else "nothing was recorded: no model gave a whole answer", "dim" if done else "warn"))


def _run(command: _Command | _Local, arguments: Arguments, wiring: Wiring, output: Output, streams: Streams) -> int:
    if not arguments.folder.is_dir():
        raise InvalidParamsError(f"There is no folder {arguments.folder}.")
    if command == "index" or command == "predict":  # noqa: PLR1714 - the type checker follows
        return _answer(command, arguments, output, streams)
    return asyncio.run(_do(command, arguments, wiring, output, streams))


def _answer(command: _Local, arguments: Arguments, output: Output, streams: Streams) -> int:
    """Do what only reads and computes, without an event loop, which would keep Ctrl-C for itself meanwhile."""
    match command:
        case "index":
            from coterie.cli.index import index  # noqa: PLC0415 - see the module's docstring

            return index(arguments, output, streams)
        case "predict":
            from coterie.cli.predict import predict  # noqa: PLC0415

            return predict(arguments, streams)
        case _:
            assert_never(command)


async def _do(command: _Command, arguments: Arguments, wiring: Wiring, output: Output, streams: Streams) -> int:
    match command:
        case "ask" | "run":
            from coterie.cli.runs import conduct  # noqa: PLC0415 - see the module's docstring

            return await conduct(arguments, wiring, output, streams)
        case "chat":
            from coterie.cli.chat import chat  # noqa: PLC0415

            return await chat(arguments, wiring, output, streams)
        case "undo":
            from coterie.cli.undo import undo  # noqa: PLC0415

            return await undo(arguments, wiring, output)
        case "demo":
            from coterie.cli.demo.story import show  # noqa: PLC0415

            return await show(arguments, wiring, streams)
        case "keys":
            from coterie.cli.keys import keep  # noqa: PLC0415

            return await keep(arguments, wiring, output, streams)
        case _:
            return await _look(command, arguments, wiring, output)


async def _look(command: _Look, arguments: Arguments, wiring: Wiring, output: Output) -> int:
    match command:
        case "runs" | "channels" | "context" | "grants":
            from coterie.cli.lists import listed  # noqa: PLC0415 - see the module's docstring

            return await listed(arguments, wiring, output)
        case "models":
            from coterie.cli.models import browse  # noqa: PLC0415

            return await browse(arguments, wiring, output)
        case "config":
            from coterie.cli.config import look  # noqa: PLC0415

            return look(arguments, wiring, output)
        case "doctor":
            from coterie.cli.doctor import examine  # noqa: PLC0415

            return await examine(arguments, wiring, output)
        case "daemon":
            from coterie.cli.daemon import speak  # noqa: PLC0415

            return await speak(arguments, output)
        case "version":
            from coterie.cli.wording import Line  # noqa: PLC0415

            output.result({"version": __version__}, (Line(f"coterie {__version__}"),))
            return exits.OK
        case _:
            assert_never(command)
