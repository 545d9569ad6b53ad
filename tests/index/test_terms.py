"""How text becomes terms, and which words of a question ask for something."""

import pytest

from coterie.index.query import MOST_TERMS, parse
from coterie.index.terms import LONGEST, split, stem


@pytest.mark.parametrize(
    ("identifier", "terms"),
    [
        ("parse", ("pars",)),
        ("parseHTTPHeader", ("pars", "http", "head", "parsehttpheader")),
        ("snake_case_name", ("snak", "cas", "nam", "snakecasename")),
        ("_private", ("priv",)),
        ("MAX_BYTES", ("max", "byt", "maxbytes")),
        ("x", ()),
        ("straße", ("straße",)),
        ("Größe", ("größe",)),
        ("x" * (LONGEST + 1), ()),
    ],
)
def test_an_identifier_counts_as_its_parts_and_as_a_whole(identifier: str, terms: tuple[str, ...]) -> None:
    assert split(identifier) == terms


@pytest.mark.parametrize(
    "words",
    [
        ("parse", "parser", "parses", "parsed", "parsing"),
        ("stop", "stopped", "stopping", "stops"),
        ("iterate", "iteration", "iterations"),
        ("retry", "retries", "retried"),
    ],
)
def test_words_that_belong_together_meet(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@pytest.mark.parametrize(("one", "other"), [("class", "clad"), ("status", "state"), ("test", "tea")])
def test_words_that_do_not_belong_together_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_the_first_line_asks_louder_than_the_rest() -> None:
    weights = dict(parse("Close sockets\n\nThe pool kept them").terms)
    assert weights["socket"] > weights["pool"] > 0


def test_what_machines_add_to_a_message_asks_nothing() -> None:
    terms = dict(parse("Close sockets\n\nSigned-off-by: Zebedee Quux <z@example.org>\nhttps://example.org/quux/1").terms)
    assert not terms.keys() & {"zebede", "quux", "exampl", "org", "http"}


def test_paths_are_taken_at_their_word() -> None:
    assert parse("Fix src/app/Main.java and ./setup.cfg, etc.").paths == ("src/app/main.java", "setup.cfg")


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\ud800", "\0", "🙂", "a" * 300_000, "<" * 50_000, "a-" * 50_000, "a/" * 50_000, "@" * 50_000]
)
def test_any_text_is_a_question(text: str) -> None:
    assert len(parse(text).terms) <= MOST_TERMS
