"""What a person reads before they decide is all that there is to read."""

from __future__ import annotations

from unicodedata import category

import pytest

from coterie.base.legible import first_line, visible


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
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("Größe שלום 漢字", "Größe שלום 漢字"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_nothing_without_ink_of_its_own_gets_through_behind_a_word() -> None:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
    unseen = [chr(code) for code in (*range(0x20000), *range(0xE0000, 0xE0200)) if category(chr(code)) in hidden]
    assert [each for each in unseen if visible(f"a{each}") == f"a{each}"] == ["\t", "\n", " "]


@pytest.mark.parametrize(("text", "line"), [("\n  \n  One. \nTwo.", "One."), ("", ""), ("x" * 81, "x" * 79 + "…"), ("ab  cd", "ab…")])
def test_the_first_line_is_the_first_with_words(text: str, line: str) -> None:
    assert first_line(text, 4 if line == "ab…" else 80) == line
