"""Which files aider's repository map puts first, run by aider's own Python for `retrieval_rivals`: a question a line, an answer a line.

Files stand in the order in which aider's ranked tags name them. What a message mentions, aider finds itself: file names, and words that
are identifiers or stems of file names. No file is in the chat, and those that aider puts above every map, as readmes, have no place here.
"""

import json
import sys
from functools import cache
from pathlib import Path

from aider.coders.base_coder import Coder  # type: ignore[import-not-found]  # not of this environment
from aider.io import InputOutput  # type: ignore[import-not-found]
from aider.repomap import RepoMap  # type: ignore[import-not-found]


class _Reader(Coder):  # type: ignore[misc]  # of no type here
    """As much of aider as finds what a message mentions."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        self.abs_fnames: set[str] = set()
        self.abs_read_only_fnames: set[str] = set()

    def get_all_relative_files(self) -> list[str]:
        return self.files


@cache
def map_of(folder: str) -> RepoMap:
    """Return the map of a folder; it reads again what has changed."""
    return RepoMap(root=folder, io=InputOutput(yes=True, pretty=False))


def rank(folder: str, files: list[str], text: str) -> list[str]:
    """Return all files, the best first."""
    reader = _Reader(files)
    words = reader.get_ident_mentions(text)
    names = reader.get_file_mentions(text) | reader.get_ident_filename_matches(words)
    tags = map_of(folder).get_ranked_tags([], [str(Path(folder, path)) for path in files], names, words)
    return list(dict.fromkeys(tag[0] for tag in tags))


def main() -> None:
    """Answer until there is nothing more to read; what aider remembers of files is kept outside of their folder."""
    RepoMap.TAGS_CACHE_DIR = sys.argv[1]
    answers, sys.stdout = sys.stdout, sys.stderr  # aider speaks too
    for line in sys.stdin:
        question = json.loads(line)
        ranked = rank(question["folder"], question["files"], question["text"])
        answers.write(json.dumps(ranked[: question["limit"]]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
