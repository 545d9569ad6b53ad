"""Build llama.cpp's Python server for `make test-llama`, outside the repository. The last line on stdout is its Python.

It takes a C++ compiler and some minutes, once. The folder is `COTERIE_LLAMA`, by default `coterie/llama` in the user's cache.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "llama.txt"


def main() -> int:
    """Build what is missing and print the Python."""
    place = Path(os.environ.get("COTERIE_LLAMA") or user_cache_path("coterie", appauthor=False) / "llama")
    python, stamp = place / "bin" / "python", place / "made-from"
    wanted = sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"building llama.cpp in {place}; this takes minutes", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", LOCK], check=True)
        stamp.write_text(wanted, encoding="utf-8")  # last: what was broken off is built again
    print(python)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
