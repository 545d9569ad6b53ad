"""Install the real editors that `make test-editors` runs, outside the repository, or say loudly what is missing and exit 2.

Neovim, Helix, Emacs and tmux that are on PATH and new enough are taken as they are. The others come from a Debian suite
that has them, whatever suite this machine is: their packages, with everything they need down to the C library, are
unpacked (not installed) into one folder, and the programs are told to load their libraries from there. Nothing of the
machine changes and nobody has to be root; what it takes is apt, whose own configuration says where the mirror is.

The folder is `COTERIE_EDITORS`, by default `coterie/editors` in the user's cache. The last line on stdout is its `bin`,
with one launcher for each program; a second run finds them and only says so.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from test_requirements import MissingRequirementError, output, run

SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What sets the programs up beside themselves: the tool that points them at their libraries, and descriptions of terminals.
ALONGSIDE = ("patchelf", "ncurses-base")


@dataclass(frozen=True)
class Program:
    """One program the tests start: its command, the oldest version that will do, and where Debian has it."""

    command: str
    version: Sequence[str]
    oldest: tuple[int, int]
    package: str
    binary: str  # in the unpacked tree


PROGRAMS = (
    Program("nvim", ("--version",), (0, 12), "neovim", "usr/bin/nvim"),
    Program("hx", ("--version",), (25, 1), "hx", "usr/lib/hx/hx"),
    Program("emacs", ("--version",), (30, 1), "emacs-nox", "usr/bin/emacs-nox"),
    Program("emacsclient", ("--version",), (30, 1), "emacs-bin-common", "usr/bin/emacsclient.emacs"),
    Program("tmux", ("-V",), (3, 2), "tmux", "usr/bin/tmux"),
)


def main() -> int:
    """Install what is missing and print the folder of the launchers; return 2 when that failed."""
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(place):
            install(place)
    except MissingRequirementError as error:
        print(f"\n*** THE EDITORS CANNOT BE TESTED: {error}\n", file=sys.stderr)
        return 2
    print(place / "bin")
    return 0


def folder() -> Path:
    """Return where the editors are kept."""
    if chosen := os.environ.get("COTERIE_EDITORS"):
        return Path(chosen).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "coterie" / "editors"


@contextlib.contextmanager
def one_at_a_time(place: Path) -> Iterator[None]:
    """Let two checkouts that install at once do it after each other."""
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(place: Path) -> None:
    """Make a launcher for each program in `place/bin`, unless this very script has done it before."""
    found = {program: path for program in PROGRAMS if (path := new_enough_on_path(program))}
    made_from = hashlib.sha256(Path(__file__).read_bytes() + repr(sorted(found.values())).encode()).hexdigest()
    stamp = place / ".made-from"
    if stamp.exists() and stamp.read_text() == made_from and all(works(program, place) for program in PROGRAMS):
        return
    stamp.unlink(missing_ok=True)
    for part in ("bin", "tree"):
        shutil.rmtree(place / part, ignore_errors=True)
    (place / "bin").mkdir()
    missing = [program for program in PROGRAMS if program not in found]
    if missing:
        unpack([program.package for program in missing], place / "tree")
    for program in PROGRAMS:
        if program in found:
            write_launcher(place, program, [found[program]], {})
        else:
            write_launcher(place, program, *settle(program, place / "tree"))
        if not works(program, place):
            raise MissingRequirementError(f"{program.command} was installed below {place} and does not run there")
    # Written last, so that an interrupted install is done again.
    stamp.write_text(made_from)


def new_enough_on_path(program: Program) -> str | None:
    """Return the program of this machine, if it has one that is new enough."""
    path = shutil.which(program.command)
    return path if path and version(path, program) >= program.oldest else None


def version(path: str, program: Program) -> tuple[int, int]:
    """Return the version a program says it has; (0, 0) when it does not run."""
    try:
        said = output([path, *program.version])
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    numbers = re.search(r"(\d+)\.(\d+)", said)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def works(program: Program, place: Path) -> bool:
    """Say whether a launcher starts a program that is new enough."""
    return version(str(place / "bin" / program.command), program) >= program.oldest


def unpack(packages: Sequence[str], tree: Path) -> None:
    """Unpack Debian packages, and all they depend on, into `tree`, and point their programs at the libraries there."""
    if not all(shutil.which(tool) for tool in ("apt-get", "dpkg")) or not KEYRING.exists():
        names = ", ".join(f"{program.command} >= {program.oldest[0]}.{program.oldest[1]}" for program in PROGRAMS)
        raise MissingRequirementError(f"put {names} on PATH; without apt and {KEYRING} they cannot be installed here")
    print(f"installing {', '.join(packages)} of Debian {SUITE} below {tree}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="coterie-editors-") as temporary:
        apt = Apt(Path(temporary))
        apt.update()
        for package in apt.download([*packages, *ALONGSIDE]):
            run(["dpkg", "-x", str(package), str(tree)], what=f"the package {package.name}", cwd=tree.parent)


class Apt:
    """apt with lists, a cache and a status of its own: for it nothing is installed, so every dependency is downloaded."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._sources = place / "sources.list"
        (place / "status").touch()
        for made in ("lists/partial", "machine/partial", "archives/partial"):
            (place / made).mkdir(parents=True)
        options = {
            "Dir::State": place,
            "Dir::State::lists": place / "lists",
            "Dir::State::status": place / "status",
            "Dir::Cache": place,
            "Dir::Cache::archives": place / "archives",
            "Dir::Etc::sourcelist": self._sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Check-Valid-Until": "false",  # a mirror may be a snapshot
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",  # the temporary folder is this user's alone
        }
        self._options = [f"-o{key}={value}" for key, value in options.items()]

    def update(self) -> None:
        """Find the mirror that carries the suite among those the machine's own configuration names, and read its lists."""
        mirrors = self._mirrors()
        for mirror in mirrors:
            self._sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n", encoding="utf-8")
            with contextlib.suppress(MissingRequirementError):
                self._run("update", "-qq", "--error-on=any", what=f"the lists of {SUITE}")
                return
        raise MissingRequirementError(f"none of this machine's {len(mirrors)} apt sources could be read for Debian {SUITE}")

    def download(self, packages: Sequence[str]) -> list[Path]:
        """Return the files of the packages and of all they depend on."""
        self._run("install", "-qq", "-y", "--download-only", *packages, what=", ".join(packages))
        return sorted((self._place / "archives").glob("*.deb"))

    def _mirrors(self) -> list[str]:
        # What an update of the machine's own lists would fetch, as if it had none yet.
        said = output(["apt-get", "update", "--print-uris", f"-oDir::State::lists={self._place / 'machine'}"])
        found = re.findall(r"^'(.+)/dists/[^/']+/(?:In)?Release'", said, flags=re.MULTILINE)
        return list(dict.fromkeys(found))

    def _run(self, verb: str, *arguments: str, what: str) -> None:
        # Kept off stdout, whose last line is our answer.
        command = ["apt-get", *self._options, verb, *arguments]
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr)
            raise MissingRequirementError(f"apt-get {verb} failed for {what}")


def settle(program: Program, tree: Path) -> tuple[list[str], dict[str, str]]:
    """Make an unpacked program run where it is; return its command and the environment that it needs there."""
    binary = tree / program.binary
    loader = only(tree, "usr/lib/*/ld-linux*.so.*")
    libraries = str(loader.parent)
    # Not RUNPATH, which would not hold for the libraries' own libraries.
    changes = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", libraries]
    patchelf = [str(loader), "--library-path", libraries, str(tree / "usr/bin/patchelf")]
    run([*patchelf, *changes, str(binary)], what=f"a {program.command} that runs from {tree}", cwd=tree)
    environment = {"TERMINFO": str(tree / "usr/share/terminfo")}
    match program.command:
        case "nvim":
            environment["VIMRUNTIME"] = str(tree / "usr/share/nvim/runtime")
        case "hx":
            environment["HELIX_RUNTIME"] = str(tree / "usr/lib/hx/runtime")
        case "emacs":
            lisp = only(tree, "usr/share/emacs/[0-9]*/lisp")
            dump = only(tree, "usr/libexec/emacs/*/*/*.pdmp")
            environment["EMACSLOADPATH"] = ":".join(str(each) for each in [lisp, *sorted(lisp.rglob("*/"))])
            environment["EMACSDATA"] = environment["EMACSDOC"] = str(lisp.parent / "etc")
            environment["EMACSPATH"] = str(dump.parent)
            return [str(binary), f"--dump-file={dump}"], environment
    return [str(binary)], environment


def only(tree: Path, pattern: str) -> Path:
    """Return the one file that a pattern names. Raises `MissingRequirementError`."""
    found = list(tree.glob(pattern))
    if len(found) != 1:
        raise MissingRequirementError(f"the packages of {SUITE} have {len(found)} files {pattern}, not one")
    return found[0]


def write_launcher(place: Path, program: Program, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Write the script that starts a program."""
    lines = ["#!/bin/sh", *(f"export {name}={shlex.quote(value)}" for name, value in environment.items())]
    lines.append(f'exec {shlex.join(command)} "$@"')
    launcher = place / "bin" / program.command
    launcher.write_text("\n".join([*lines, ""]), encoding="utf-8")
    launcher.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
