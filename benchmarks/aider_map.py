"""Aider's repository map on a folder, run by aider's own Python: the seconds of a first map, of one from its cache, and the memory."""

import json
import os
import resource
import sys
import time
from pathlib import Path

from aider.io import InputOutput  # type: ignore[import-not-found]  # not of this environment
from aider.models import Model  # type: ignore[import-not-found]
from aider.repomap import RepoMap  # type: ignore[import-not-found]


def main() -> None:
    """Measure a copy of a folder, whose cache is part of it."""
    folder, paths = sys.argv[1], json.load(sys.stdin)
    os.chdir(folder)
    files = [str(Path(folder, path)) for path in paths]
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        made = RepoMap(map_tokens=4096, root=folder, main_model=Model("gpt-4o"), io=InputOutput(yes=True, pretty=False))
        text = made.get_repo_map([], files)
        seconds.append(time.perf_counter() - began)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "cold": seconds[0],
        "warm": seconds[1],
        "cpu": usage.ru_utime + usage.ru_stime,
        "mb": usage.ru_maxrss / 1e3,
        "characters": len(text or ""),
    }
    sys.stdout.write(f"\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main()
