"""What speaks for a file, alone, and what is known of the weights: each kind of evidence decides where all else is equal."""

import math
from collections.abc import Mapping, Sequence
from typing import get_args

import pytest

from coterie.index.evidence import Kind, Nature, gather
from coterie.index.known import PastCommit
from coterie.index.measures import Tie
from coterie.index.query import parse
from coterie.index.rank import Weights, learned_weights, ranked, reasons, weigh
from index_state import commit, state

NOTHING: Weights = dict.fromkeys((*get_args(Kind), *get_args(Nature), *get_args(Tie)), 0.0)


def order(query: str, weights: Weights, files: Mapping[str, str], commits: Sequence[PastCommit] = ()) -> list[str]:
    snapshot, postings = state(files, commits)
    asked = parse(query)
    scores = weigh(asked, gather(asked, snapshot, lambda term: postings.get(term, [])), snapshot, weights)
    return [snapshot.files[file].path for file in ranked(scores, snapshot, 10)]


PLAIN = {"src/one.py": "x = 1\n", "src/best.py": "x = 1\n", "src/three.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("kind", "query", "files", "commits"),
    [
        ("text", "sockets", {"src/best.py": "sockets\nsockets\n", "src/one.py": "sockets\n" + "other\n" * 9}, ()),
        ("first by text", "sockets", {"src/best.py": "sockets\nsockets\n", "src/one.py": "sockets\n" + "other\n" * 9}, ()),
        ("names", "sockets", {"src/best.py": "def sockets(): ...\n", "src/one.py": "sockets\n" * 9}, ()),
        ("path", "sockets", {"src/sockets.py": "", "z/sockets/one.py": ""}, ()),
        ("first by path", "sockets", {"src/sockets.py": "", "z/sockets/one.py": ""}, ()),
        ("scope", "sockets: parse one", {"sockets/best.py": "", "src/one.py": "parse one\n"}, ()),
        ("spelled", "see src/best.py", {"src/best.py": "", "work/best.py": ""}, ()),
        ("told", "sockets", PLAIN, (commit("Idle", "src/one.py"), commit("Sockets", "src/best.py"), commit("Idle", "src/three.py"))),
        ("lately", "x", PLAIN, (commit("New", "src/best.py"), commit("Old", "src/one.py"))),
        ("often", "x", PLAIN, (commit("New", "src/one.py"), commit("Old", "src/best.py"), commit("Older", "src/best.py"))),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_each_kind_of_evidence_decides_alone(kind: Kind, query: str, files: Mapping[str, str], commits: Sequence[PastCommit]) -> None:
    best = next(path for path in ("src/best.py", "src/sockets.py", "sockets/best.py") if path in files)
    assert order(query, {**NOTHING, kind: 1.0}, files, commits)[0] == best


@pytest.mark.parametrize(
    ("tie", "near", "files", "commits"),
    [
        ("together", "src/best.py", PLAIN | {"src/door.py": "door\n"}, [commit("Turn", "src/door.py", "src/best.py")] * 3),
        ("imports", "src/best.py", PLAIN | {"src/door.py": "import best\ndoor = 1\n"}, ()),
        ("family", "tests/test_door.py", PLAIN | {"src/door.py": "door\n", "tests/test_door.py": ""}, ()),
    ],
)
def test_a_neighbour_of_the_best_comes_after_it(tie: Tie, near: str, files: Mapping[str, str], commits: Sequence[PastCommit]) -> None:
    assert order("door", {**NOTHING, "text": 2.0, tie: 1.0}, files, commits)[:2] == ["src/door.py", near]


def test_a_commit_that_touched_many_files_says_less_of_each() -> None:
    files = {f"src/part{number}.py": "" for number in range(9)}
    commits = (commit("Sockets", *list(files)[1:]), commit("Sockets", "src/part0.py"))
    assert order("sockets", {**NOTHING, "told": 1.0}, files, commits)[0] == "src/part0.py"


def test_what_nothing_speaks_for_is_not_found() -> None:
    assert order("sockets", learned_weights(), PLAIN) == []


def test_a_file_that_has_moved_keeps_its_past() -> None:
    assert order("sockets", {**NOTHING, "told": 1.0}, PLAIN, (commit("Sockets", "old/best.py"),)) == ["src/best.py"]


def test_the_strongest_reason_is_told_first() -> None:
    snapshot, postings = state({"src/sockets.py": "def sockets(): ...\n"})
    asked = parse("sockets")
    evidence = gather(asked, snapshot, lambda term: postings.get(term, []))
    scores = weigh(asked, evidence, snapshot, {**NOTHING, "names": 1.0, "path": 2.0})
    assert reasons(0, scores, snapshot) == ("its path matches", "it defines matching names")


@pytest.mark.parametrize("kind", ["lately", "often", "seen"])
def test_what_holds_for_any_question_is_told_after_what_has_to_do_with_this_one(kind: Kind) -> None:
    snapshot, postings = state({"src/sockets.py": "def sockets(): ...\n"}, [commit("Begin", "src/sockets.py")])
    asked = parse("sockets")
    evidence = gather(asked, snapshot, lambda term: postings.get(term, []), {0: 1.0})
    scores = weigh(asked, evidence, snapshot, {**NOTHING, "text": 2.0, "names": 1.0, "path": 3.0, kind: 100.0})
    assert reasons(0, scores, snapshot) == ("its path matches", "its text matches", "it defines matching names")
    scores = weigh(asked, evidence, snapshot, {**NOTHING, "names": 1.0, kind: 100.0})
    assert reasons(0, scores, snapshot)[0] == "it defines matching names"
    assert len(reasons(0, scores, snapshot)) == 2


def test_every_kind_has_a_weight_that_points_the_right_way() -> None:
    weights = learned_weights()
    assert weights.keys() == NOTHING.keys()
    assert all(math.isfinite(weight) for weight in weights.values())
    assert all(weights[kind] > 0 for kind in (*get_args(Kind), *get_args(Tie)))
    assert all(weights[role] < 0 for role in ("test", "docs", "other"))
