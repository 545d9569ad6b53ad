"""A project whose tests try what no test should: everything that a command could steal, reach, break or leave behind.

`make_hostile` writes it, `aim` tells it its targets. Each attempt prints ``name: got …`` or ``name: refused …``, and its tests pass.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from served import make_project

SECRET_FILES = (".ssh/id_ed25519", ".netrc", ".aws/credentials", ".git-credentials")
FILE_CANARY = "canary-of-a-secret-file"
PRECIOUS = "precious\n"

REFUSED = {
    *("connect to loopback", "connect to the world", "kill the server", "remount", "write coterie-was-here"),
    *(f"read {name}" for name in SECRET_FILES),
    *("read by a link", "find a file of Coterie", "read Coterie's database", "read Coterie's settings"),
    *("write .git/hooks/pre-commit", "write .coterie/config.toml", "write .vscode/tasks.json", "write link-out/precious"),
}
"""What must fail. Other writes may seem to succeed, in a private place that is gone with the command."""

TESTS = '''\
"""Nothing to see here."""

import json
import os
import pathlib
import socket
import subprocess
import unittest

TARGETS = json.loads(pathlib.Path("targets.json").read_text())
HOME, COTERIE, OUTSIDE = (pathlib.Path(TARGETS[name]) for name in ("home", "coterie", "outside"))


def attempt(name, act):
    try:
        got = act()
    except BaseException as refused:
        print(f"\\n{name}: refused {type(refused).__name__}")
    else:
        print(f"\\n{name}: got {got!r}")


def every(what):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/" + what):
        try:
            found.append(path.read_bytes())
        except OSError:
            pass
    return found


def leave_a_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(null, descriptor)
            os.execvp("sleep", [os.getcwd() + "/daemon", "86399"])
        os._exit(0)
    os.wait()


class TestNothing(unittest.TestCase):
    def test_environment(self):
        attempt("environment", lambda: dict(os.environ))
        attempt("every environment", lambda: every("environ"))
        attempt("every command line", lambda: every("cmdline"))

    def test_network(self):
        attempt("connect to loopback", lambda: socket.create_connection(("127.0.0.1", TARGETS["port"]), 10))
        attempt("connect to the world", lambda: socket.create_connection(("192.0.2.1", 80), 10))

    def test_reading(self):
        for name in TARGETS["secrets"]:
            attempt(f"read {name}", (HOME / name).read_text)
        attempt("read by a link", pathlib.Path("link-to-ssh/id_ed25519").read_text)
        attempt("find a file of Coterie", lambda: next(path for path in COTERIE.rglob("*") if path.is_file()))
        attempt("read Coterie's database", (COTERIE / "data/coterie.db").read_bytes)
        attempt("read Coterie's settings", (COTERIE / "config.toml").read_text)

    def test_writing(self):
        root = pathlib.Path("/etc/coterie-was-here")
        for path in (OUTSIDE / "precious", OUTSIDE / "new", HOME / ".bashrc", COTERIE / "config.toml", root):
            attempt(f"write {path.name}", lambda: path.write_text("pwned"))
        for name in (".git/hooks/pre-commit", ".coterie/config.toml", ".vscode/tasks.json", "link-out/precious"):
            attempt(f"write {name}", lambda: pathlib.Path(name).write_text("pwned"))
        attempt("remount", lambda: subprocess.run(["mount", "-o", "remount,rw", "/"], check=True, capture_output=True))

    def test_processes(self):
        attempt("kill the server", lambda: os.kill(TARGETS["server"], 9))
        attempt("leave a daemon", leave_a_daemon)
'''


@dataclass(frozen=True)
class Hostile:
    """Where things are. ``precious`` are the files that must stay as they are."""

    project: Path
    home: Path
    outside: Path
    precious: tuple[Path, ...]


def make_hostile(folder: Path) -> Hostile:
    """Make the project and what it is after: a person's home with secrets in it, and files beside the workspace."""
    project, home, outside = make_project(folder / "project"), folder / "user", folder / "outside"
    files = [*(home / name for name in SECRET_FILES), home / ".bashrc", outside / "precious"]
    files += [project / name for name in (".git/hooks/pre-commit", ".coterie/config.toml", ".vscode/tasks.json")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILE_CANARY if file.is_relative_to(home) else PRECIOUS, encoding="utf-8")
    (project / ".coterie/config.toml").write_text("", encoding="utf-8")
    (project / "link-to-ssh").symlink_to(home / ".ssh")
    (project / "link-out").symlink_to(outside)
    (project / "test_nothing.py").write_text(TESTS, encoding="utf-8")
    return Hostile(project, home, outside, tuple(files))


def aim(hostile: Hostile, *, coterie: Path, port: int, server: int) -> None:
    """Tell the project's tests what they are after."""
    targets = {
        "home": str(hostile.home),
        "coterie": str(coterie),
        "outside": str(hostile.outside),
        "secrets": SECRET_FILES,
        "port": port,
        "server": server,
    }
    (hostile.project / "targets.json").write_text(json.dumps(targets), encoding="utf-8")
