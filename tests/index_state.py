"""A state of the index from texts and past commits alone, without a folder: what tests of ranking look at."""

from collections.abc import Mapping, Sequence

from coterie.index.facts import facts
from coterie.index.known import KnownFile, PastCommit, Stamp
from coterie.index.postings import ID_SHIFT
from coterie.index.query import parse
from coterie.index.snapshot import Snapshot, take


def commit(message: str, *paths: str) -> PastCommit:
    return PastCommit(tuple(term for term, _ in parse(message).terms), paths)


def state(files: Mapping[str, str], commits: Sequence[PastCommit] = ()) -> tuple[Snapshot, Mapping[str, list[int]]]:
    read = [facts(path, text.encode()) for path, text in files.items()]
    known = [
        KnownFile(number, path, each.length, Stamp(len(files[path]), 0, 0), each.digest, each.imports)
        for number, (path, each) in enumerate(zip(files, read, strict=True))
    ]
    postings: dict[str, list[int]] = {}
    for number, each in enumerate(read):
        for term, occurrence in each.terms.items():
            postings.setdefault(term, []).append(number << ID_SHIFT | occurrence)
    return take(known, commits), postings
