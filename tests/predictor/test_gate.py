"""The learned trees: how the answers of their levels add up, and what comes with the package."""

from math import exp

import numpy as np
import pytest

from coterie.predictor.gate import Gate, learned_gate, shares

TWO_TREES = Gate(
    shown_from=0.5,
    bias=-1.0,
    names=("length", "lead"),
    asked=np.array([[0, 1], [1, 1]]),
    thresholds=np.array([[3.0, 1.0], [0.0, 5.0]]),
    heights=np.array([[0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 10.0, 20.0]]),
)


@pytest.mark.parametrize(
    ("length", "lead", "added"), [(1.0, 0.0, 0.0), (1.0, 2.0, 11.0), (5.0, 0.0, 2.0), (5.0, 2.0, 13.0), (3.0, 1.0, 10.0), (4.0, 6.0, 23.0)]
)
def test_the_answers_of_each_tree_together_choose_what_it_adds(length: float, lead: float, added: float) -> None:
    (likely,) = TWO_TREES.likelihoods([{"length": length, "lead": lead, "unasked": 9.0}])
    assert likely == pytest.approx(1 / (1 + exp(1.0 - added)))


def test_one_candidate_is_right_at_most_so_each_takes_from_the_others() -> None:
    weak, strong = {"length": 1.0, "lead": 0.0}, {"length": 5.0, "lead": 0.0}
    (alone,) = TWO_TREES.likelihoods([strong])
    with_weak, with_strong = TWO_TREES.likelihoods([strong, weak]), TWO_TREES.likelihoods([strong, strong])
    assert alone > with_weak[0] > with_strong[0] == with_strong[1]
    assert with_weak[0] / with_weak[1] == pytest.approx(exp(2.0)), "one against the other they are as likely as ever"
    assert sum(TWO_TREES.likelihoods([strong] * 50)) < 1
    assert TWO_TREES.likelihoods([]) == []


def test_candidates_of_other_places_take_nothing() -> None:
    log_odds, place = np.array([0.0, 1.0, 2.0, 0.5]), np.array([0, 0, 2, 0])
    together = shares(log_odds, place)
    assert together[2] == pytest.approx(1 / (1 + exp(-2.0)))
    assert together[place == 0] == pytest.approx(shares(log_odds[place == 0], np.zeros(3, np.int64)))


def test_the_learned_gate_is_whole() -> None:
    gate = learned_gate()
    assert 0.3 < gate.shown_from < 0.9
    assert len(gate.asked) == len(gate.thresholds) == len(gate.heights)
    assert gate.heights.shape[1] == 2 ** gate.asked.shape[1]
    assert set(gate.asked.ravel().tolist()) == set(range(len(gate.names)))
