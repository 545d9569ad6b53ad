"""How the likeliest files are told from each other: what is measured of them, and what trees make of it."""

from collections.abc import Mapping, Sequence
from typing import get_args

import pytest

from coterie.index.evidence import Kind, Nature, gather
from coterie.index.forest import FEW_COMMITS, Forest, Tree, corrections, learned_forest
from coterie.index.known import PastCommit
from coterie.index.measures import Tie, measured
from coterie.index.query import parse
from coterie.index.rank import Scores, Weights, judge, likeliest, ranked, weigh
from coterie.index.snapshot import Snapshot
from index_state import commit, state

TEXT_ALONE: Weights = {**dict.fromkeys((*get_args(Kind), *get_args(Nature), *get_args(Tie)), 0.0), "text": 1.0}
ALWAYS = ("score", -1e9)


def weighed(
    query: str, files: Mapping[str, str], commits: Sequence[PastCommit] = (), weights: Weights = TEXT_ALONE
) -> tuple[Snapshot, Scores]:
    snapshot, postings = state(files, commits)
    asked = parse(query)
    return snapshot, weigh(asked, gather(asked, snapshot, lambda term: postings.get(term, [])), snapshot, weights)


def judged(query: str, files: Mapping[str, str], forest: Forest) -> list[str]:
    snapshot, scores = weighed(query, files)
    after = judge(parse(query), scores, snapshot, forest)
    return [snapshot.files[file].path for file in ranked(after, snapshot, len(files))]


@pytest.mark.parametrize("answers", [(one, two, three) for one in (0, 1) for two in (0, 1) for three in (0, 1)])
def test_each_way_through_a_tree_leads_to_its_own_height(answers: tuple[int, int, int]) -> None:
    tree = Tree((("one", 0.5), ("two", 0.5), ("three", 0.5)), tuple(float(leaf) for leaf in range(8)))
    columns = {name: [float(answer)] for name, answer in zip(("one", "two", "three"), answers, strict=True)}
    assert corrections((tree, tree), columns, 1) == [2 * (4 * answers[0] + 2 * answers[1] + answers[2])]


def test_a_bound_itself_is_not_above_the_bound() -> None:
    tree = Tree((("one", 0.5), ("one", 0.5), ("one", 0.5)), (1.0, *[0.0] * 6, 9.0))
    assert corrections((tree,), {"one": [0.5, 0.6]}, 2) == [1.0, 9.0]


DOOR = {"src/door.py": "door door\n", "tests/test_wall.py": "door\n", "src/wall.py": "wall\n"}


def test_trees_turn_the_order_round() -> None:
    tests_first = Tree((ALWAYS, ALWAYS, ("is test", 0.5)), (*[0.0] * 7, 5.0))
    assert judged("door", DOOR, ())[:2] == ["src/door.py", "tests/test_wall.py"]
    assert judged("door", DOOR, (tests_first,))[:2] == ["tests/test_wall.py", "src/door.py"]


def test_what_is_too_unlikely_to_be_judged_stays_behind_what_is() -> None:
    files = {f"src/part{number:02}.py": "door\n" * (90 - number) + "wall\n" * number for number in range(80)}
    down = Tree((ALWAYS, ALWAYS, ("place", 1.0)), (*[0.0] * 6, -1.0, -50.0))
    snapshot, scores = weighed("door", files)
    looked_at = {snapshot.files[file].path for file in likeliest(scores, snapshot)}
    assert len(looked_at) < len(files)
    order = judged("door", files, (down,))
    assert set(order[: len(looked_at)]) == looked_at
    assert set(order) == set(files)


def test_nothing_is_judged_where_nothing_was_found() -> None:
    assert judged("roof", DOOR, learned_forest(0)) == []


@pytest.mark.parametrize("commits", [0, FEW_COMMITS])
def test_trees_ask_only_for_what_is_measured(commits: int) -> None:
    snapshot, scores = weighed("door", DOOR)
    columns = measured(parse("door"), snapshot, scores.evidence, scores.ties, likeliest(scores, snapshot))
    asked = {name for tree in learned_forest(commits) for name, _ in tree.questions}
    assert asked
    assert asked <= columns.keys()
    assert all(len(tree.heights) == 8 for tree in learned_forest(commits))
    assert {len(column) for column in columns.values()} == {len(likeliest(scores, snapshot))}


def test_other_trees_judge_where_little_is_remembered() -> None:
    young, old = learned_forest(0), learned_forest(FEW_COMMITS)
    assert young != old
    assert learned_forest(FEW_COMMITS - 1) == young
    assert learned_forest(10 * FEW_COMMITS) == old


HOUSE = {
    "src/door.py": "door door door\n",
    "src/key.py": "door knob\n",
    "lib/best.py": "door\n",
    "lib/roof.py": "door\n",
    "tests/test_door.py": "door\n",
}


@pytest.mark.parametrize(
    ("measure", "query", "most", "commits"),
    [
        ("held", "door knob", "src/key.py", ()),
        ("alike", "paint door", "lib/best.py", [commit("Paint all", "lib/best.py"), *[commit("Roof", "lib/roof.py")] * 5]),
        ("closest", "paint door", "lib/best.py", [*[commit("Roof", "lib/roof.py")] * 5, commit("Paint", "lib/best.py")]),
        ("rate", "door", "lib/best.py", [commit("All", "lib/best.py")] * 2 + [commit("Roof", "lib/roof.py")]),
        ("changes", "door", "lib/best.py", [commit("All", "lib/best.py")] * 2 + [commit("Roof", "lib/roof.py")]),
        ("rate of role", "door", "tests/test_door.py", [commit("All", "tests/test_door.py")]),
        (
            "rate of folder",
            "door",
            "lib/best.py",
            [commit("All", "lib/best.py"), commit("All", "lib/roof.py"), commit("Key", "src/key.py")],
        ),
        (
            "alike of role",
            "paint door",
            "tests/test_door.py",
            [commit("Paint", "tests/test_door.py"), *[commit("Roof", "lib/roof.py")] * 5],
        ),
        ("alike of folder", "paint door", "lib/best.py", [commit("Paint", "lib/roof.py"), *[commit("Key", "src/key.py")] * 5]),
        ("goes with", "door", "lib/best.py", [commit("All", "src/door.py", "lib/best.py")] * 3),
        ("followed by", "door", "lib/best.py", [commit("All", "src/door.py", "lib/best.py")] * 3 + [commit("Door", "src/door.py")] * 9),
        ("named alike", "door", "tests/test_door.py", ()),
        ("stem asked", "door", "src/door.py", ()),
        ("beside", "door", "src/key.py", ()),
        ("score", "door", "src/door.py", ()),
    ],
)
def test_a_measure_is_largest_for_whom_it_should_be(measure: str, query: str, most: str, commits: Sequence[PastCommit]) -> None:
    snapshot, scores = weighed(query, HOUSE, commits)
    best = likeliest(scores, snapshot)
    column = measured(parse(query), snapshot, scores.evidence, scores.ties, best)[measure]
    paths = [snapshot.files[file].path for file in best]
    assert column[paths.index(most)] == max(column) > min(column)


@pytest.mark.parametrize(("measure", "least"), [("since", "lib/best.py"), ("behind", "src/door.py"), ("place", "src/door.py")])
def test_a_measure_is_smallest_for_whom_it_should_be(measure: str, least: str) -> None:
    snapshot, scores = weighed("door", HOUSE, [commit("All", "lib/best.py"), commit("Roof", "lib/roof.py")])
    best = likeliest(scores, snapshot)
    column = measured(parse("door"), snapshot, scores.evidence, scores.ties, best)[measure]
    assert [snapshot.files[file].path for file in best][column.index(min(column))] == least


def test_the_best_of_the_tests_is_behind_no_other_test() -> None:
    snapshot, scores = weighed("door", HOUSE)
    best = likeliest(scores, snapshot)
    columns = measured(parse("door"), snapshot, scores.evidence, scores.ties, best)
    at = [snapshot.files[file].path for file in best].index("tests/test_door.py")
    assert columns["behind"][at] > 0
    assert columns["behind in role"][at] == columns["place in role"][at] == 0


def test_a_question_that_past_commits_never_met_is_like_none_of_them() -> None:
    snapshot, postings = state(HOUSE, [commit("Roof", "lib/roof.py")] * 5)
    evidence = gather(parse("chimney"), snapshot, lambda term: postings.get(term, []))
    assert not evidence["alike"]
    assert not evidence["closest"]
