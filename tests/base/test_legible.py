"""What a person reads before they decide is all that there is to read."""

from __future__ import annotations

from unicodedata import category

import pytest

from coterie.base.legible import first_line, in_one_line, inert, readable, visible

WALES = "🏴" + "".join(chr(0xE0000 + ord(each)) for each in "gbwls\x7f")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rm -rf build", "rm -rf build"),
        ("echo a\n\tb", "echo a\n\tb"),
        ("rm \u202etxt.exe", "rm \\u202etxt.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("pass\u200bword", "pass\\u200bword"),
        ("\ufefftouch", "\\ufefftouch"),
        ("one\rtwo", "one\\u000dtwo"),
        ("\x1b[2Kok", "\\u001b[2Kok"),
        ("a\u00a0b", "a\\u00a0b"),
        ("cat \u3164", "cat \\u3164"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("x\ufe0f", "x\\ufe0f"),
        ("a\u200db", "a\\u200db"),
        ("⚠\ufe0f 👩\u200d🔧", "⚠\ufe0f 👩\u200d🔧"),
        ("👨\u200d👩\u200d👧 👍🏽 👩🏽\u200d🔧 ❤\ufe0f\u200d🔥", "👨\u200d👩\u200d👧 👍🏽 👩🏽\u200d🔧 ❤\ufe0f\u200d🔥"),
        ("1\ufe0f\u20e3 #\ufe0f\u20e3 ↔\ufe0f ‼\ufe0f ▶\ufe0f", "1\ufe0f\u20e3 #\ufe0f\u20e3 ↔\ufe0f ‼\ufe0f ▶\ufe0f"),
        ("1\ufe0f2", "1\\ufe0f2"),
        ("😀\ufe0e\ufe0f\ufe0f", "😀\ufe0e\\ufe0f\\ufe0f"),
        ("文\u200d件\ufe0f", "文\\u200d件\\ufe0f"),
        ("😀\u200da\u200d😀\u200d", "😀\\u200da\\u200d😀\\u200d"),
        ("x\ufe0f\u200d🔧", "x\\ufe0f\\u200d🔧"),
        (f"{WALES} x", f"{WALES} x"),
        (f"{WALES[:-1]} x", "🏴" + "".join(f"\\U{ord(each):08x}" for each in WALES[1:-1]) + " x"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("\u0915\u200d", "\u0915\\u200d"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("Größe שלום 漢字", "Größe שלום 漢字"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Continuer\u202f?", "Continuer ?"),
        ("\u3000はい", " はい"),
        ("10\u00a0km", "10 km"),
        ("Silben\u00adtrennung", "Silbentrennung"),
        ("a\u202eb\u200bc", "a\\u202eb\\u200bc"),
        ("One.\nTwo.", "One.\nTwo."),
    ],
)
def test_plain_words_are_not_spoilt_and_hide_nothing(text: str, shown: str) -> None:
    assert readable(text) == shown


def test_one_line_is_one_line() -> None:
    assert in_one_line("echo 'x\n\t[n] Allow once'") == "echo 'x\\n\\t[n] Allow once'"


def test_nothing_without_ink_of_its_own_gets_through_behind_a_word() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    unseen = [chr(code) for code in (*range(0x20000), *range(0xE0000, 0xE0200)) if category(chr(code)) in hidden]
    assert [each for each in unseen if visible(f"a{each}") == f"a{each}"] == ["\t", "\n", " "]


@pytest.mark.parametrize(("text", "line"), [("\n  \n  One. \nTwo.", "One."), ("", ""), ("x" * 81, "x" * 79 + "…"), ("ab  cd", "ab…")])
def test_the_first_line_is_the_first_with_words(text: str, line: str) -> None:
    assert first_line(text, 4 if line == "ab…" else 80) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;pwned\x07\x1b[2J", "\\u001b]0;pwned\\u0007\\u001b[2J"),
        ("\x9b31m \x7f \x00", "\\u009b31m \\u007f \\u0000"),
        ("allow\rdeny\x08", "allow\\u000ddeny\\u0008"),
        ("a \u202eb\u2066c", "a \\u202eb\\u2066c"),
        ("one\r\n\ttwo\r", "one\n\ttwo"),
        ("Il a dit\u00a0: « oui » 😀\u200d👍 שלום\u200f\n", "Il a dit\u00a0: « oui » 😀\u200d👍 שלום\u200f\n"),
    ],
)
def test_a_terminal_obeys_nothing_that_somebody_else_has_written(text: str, shown: str) -> None:
    assert inert(text) == shown
