"""What is measured on and against, from package registries, outside of the repository: in ``COTERIE_BENCH`` or ``~/.cache/coterie/bench``.

A real project as a source distribution; ripgrep and aider in places of their own. What a registry does not give is left out, with the
reason.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

SYMPY = "sympy==1.14.0"
RIPGREP = "15.1.0"
AIDER = "aider-chat==0.86.2"
_PATIENCE_S = 1_800


class MissingError(Exception):
    """Something cannot be had here; the words say why."""


def kept() -> Path:
    """Return the folder that things are kept in, which may be removed at any time."""
    place = Path(os.environ.get("COTERIE_BENCH") or Path.home() / ".cache" / "coterie" / "bench")
    place.mkdir(parents=True, exist_ok=True)
    return place


def project() -> Path:
    """Return sympy's source distribution, unpacked; fetched with the first call."""
    name = SYMPY.replace("==", "-")
    folder = kept() / name
    if not folder.exists():
        archive = kept() / f"{name}.tar.gz"
        if not archive.exists():
            _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(kept()), SYMPY)
        with tarfile.open(archive) as packed:
            packed.extractall(kept(), filter="data")
    return folder


def ripgrep() -> Path:
    """Return ripgrep: the one on PATH, or one that cargo builds."""
    if (own := shutil.which("rg")) is not None:
        return Path(own)
    built = kept() / "ripgrep" / "bin" / "rg"
    if not built.exists():
        if shutil.which("cargo") is None:
            raise MissingError("there is neither ripgrep nor cargo")
        _run("cargo", "install", "--quiet", "ripgrep", "--version", RIPGREP, "--root", str(kept() / "ripgrep"))
    return built


def aider() -> Path:
    """Return the Python of a virtual environment that has aider."""
    python = kept() / "aider" / "bin" / "python"
    if not (kept() / "aider" / "installed").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(kept() / "aider"))
        _run(str(python), "-m", "pip", "install", "--quiet", AIDER)
        (kept() / "aider" / "installed").touch()
    return python


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE_S)
    except FileNotFoundError as missing:
        raise MissingError(f"{command[0]} is missing") from missing
    except subprocess.TimeoutExpired as slow:
        raise MissingError(f"{command[0]} took too long") from slow
    except subprocess.CalledProcessError as failure:
        words = failure.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise MissingError(f"{Path(command[0]).name} failed: {words[-1]}") from failure
