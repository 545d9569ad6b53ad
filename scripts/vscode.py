"""What `make` asks of the VS Code extension: `python scripts/vscode.py check | format | test | package`.

Its packages are installed from its lock first (once for each lock). `package` builds the bundles, puts the server's wheel beside them, so
that the extension can install the server that it was made for, and writes `build/coterie.vsix`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from test_requirements import ROOT, MissingRequirementError, find_node, run

EXTENSION = ROOT / "clients" / "vscode"
PACKAGES = EXTENSION / "node_modules"
STAMP = PACKAGES / ".made-from-the-lock"
VSIX = ROOT / "build" / "coterie.vsix"


def main(arguments: list[str]) -> int:
    """Do what is asked; return 2 when something that it needs cannot be had, 1 when it failed."""
    verbs: Mapping[str, Callable[[], None]] = {"check": check, "format": formatted, "test": test, "package": package}
    if len(arguments) != 1 or arguments[0] not in verbs:
        print(f"usage: vscode.py {' | '.join(verbs)}", file=sys.stderr)
        return 2
    try:
        install()
        verbs[arguments[0]]()
    except MissingRequirementError as error:
        print(f"\n*** THE VS CODE EXTENSION CANNOT BE MADE: {error}\n", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    return 0


def install() -> None:
    """Install the locked packages, unless they are."""
    lock = hashlib.sha256((EXTENSION / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == lock:
        return
    _node, npm = find_node()
    run([*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], what="the extension's npm packages", cwd=EXTENSION)
    # Written last, so that an interrupted install is done again.
    STAMP.write_text(lock)


def check() -> None:
    """Types, lint, format."""
    node("typescript/bin/tsc", "--noEmit", "-p", ".")
    if any((EXTENSION / "webview").glob("*/main.ts")):
        node("typescript/bin/tsc", "--noEmit", "-p", "webview")
    node("@biomejs/biome/bin/biome", "ci", ".")


def formatted() -> None:
    """Rewrite the files in the one format."""
    node("@biomejs/biome/bin/biome", "check", "--write", ".")


def test() -> None:
    """Run the unit tests; none found is a failure."""
    node("vitest/vitest.mjs", "run")


def package() -> None:
    """Write the `.vsix`."""
    node(EXTENSION / "build.mjs", "--sizes")
    server = EXTENSION / "server"
    shutil.rmtree(server, ignore_errors=True)
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(server), str(ROOT)]
    run(wheel, what="the server's wheel", cwd=ROOT)
    for shared in ("LICENSE", "CHANGELOG.md"):
        shutil.copyfile(ROOT / shared, EXTENSION / shared)
    VSIX.parent.mkdir(exist_ok=True)
    # There is no published repository that links between pages could be made absolute with.
    unpublished = ("--allow-missing-repository", "--no-rewrite-relative-links")
    node("@vscode/vsce/vsce", "package", "--no-dependencies", *unpublished, "--out", str(VSIX))
    print(f"{VSIX.relative_to(ROOT)}: {VSIX.stat().st_size / 1024:.0f} KB")


def node(program: str | Path, *arguments: str) -> None:
    """Run a program of the packages."""
    runs, _npm = find_node()
    environment = os.environ | {"PATH": f"{runs.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([str(runs), str(PACKAGES / program), *arguments], check=True, cwd=EXTENSION, env=environment, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
