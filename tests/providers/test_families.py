"""Models that were trained to fill gaps: known by their names, asked by the tokens of their family, and kept from what people write."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.domain.suggestions import FillRequest, Snippet
from coterie.providers.families import BY_NAME, FAMILIES, Answer, Family, family_of, guarded, prompt

GAP = FillRequest(model="one", prefix="def f(", suffix="):\n", max_tokens=9, stop=("\n",), path="a.py", project="shop")
SNIPPETS = (Snippet("b.py", "def g():\n    pass\n"), Snippet("c/d.py", "X = 1"))
BEGIN, HOLE, END = "<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"
FAMILY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("qwen2.5-coder:1.5b-base-q4_K_M", "qwen"),
        ("Qwen/Qwen2.5-Coder-32B-Instruct", "qwen"),
        ("qwen3-coder:30b", "qwen"),
        ("hf.co/unsloth/Qwen3-Coder-30B-A3B-GGUF:Q4", "qwen"),
        ("bigcode/starcoder2-15b", "starcoder2"),
        ("StarCoderBase-1B", "starcoder"),
        ("stable-code-3b", "starcoder"),
        ("CodeQwen1.5-7B", "starcoder"),
        ("ibm-granite/granite-8b-code-base-4k", "starcoder"),
        ("granite-code:3b", "starcoder"),
        ("granite3.3:8b", "starcoder"),
        ("granite-4.0-h-small", "granite"),
        ("codellama:7b-code", "codellama"),
        ("meta-llama/CodeLlama-13b-hf", "codellama"),
        ("deepseek-coder-v2:16b-lite-base", "deepseek-coder"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "deepseek-coder"),
        ("codegemma:2b-code", "codegemma"),
        ("mlx-community/codegemma-1.1-2b-4bit", "codegemma"),
        ("Codestral-22B-v0.1", "codestral"),
        ("codestral-latest", "codestral"),
        ("ByteDance-Seed/Seed-Coder-8B-Base", "seed-coder"),
        ("JetBrains/Mellum-4b-base", "mellum"),
        ("qwen3:32b", None),
        ("gpt-5-codex", None),
        ("codellama:7b-python", None),
        ("codellama:34b-code", None),
        ("google/codegemma-7b-it", None),
        ("codegemma:7b-instruct", None),
        ("codestral-mamba", None),
        ("deepseek-chat", None),
        ("coder", None),
    ],
)
def test_a_family_is_known_by_the_models_name(model: str, family: str | None) -> None:
    found = family_of(model)
    assert (found.name if found else None) == family


@pytest.mark.proves(("qwen", "starcoder2", "starcoder", "granite", "codellama"), "tokens")
@pytest.mark.proves(("deepseek-coder", "codegemma", "codestral", "seed-coder", "mellum"), "tokens")
@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("qwen", "<|fim_prefix|>def f(<|fim_suffix|>):\n<|fim_middle|>"),
        ("starcoder2", "<fim_prefix>def f(<fim_suffix>):\n<fim_middle>"),
        ("starcoder", "<fim_prefix>def f(<fim_suffix>):\n<fim_middle>"),
        ("granite", "<|fim_prefix|>def f(<|fim_suffix|>):\n<|fim_middle|>"),
        ("codellama", "<PRE> def f( <SUF>):\n <MID>"),
        ("deepseek-coder", f"{BEGIN}def f({HOLE}):\n{END}"),
        ("codegemma", "<|fim_prefix|>def f(<|fim_suffix|>):\n<|fim_middle|>"),
        ("codestral", "[SUFFIX]):\n[PREFIX]def f("),
        ("seed-coder", "<[fim-suffix]>):\n<[fim-prefix]>def f(<[fim-middle]>"),
        ("mellum", "<fim_suffix>):\n<fim_prefix>def f(<fim_middle>"),
    ],
)
def test_a_prompt_has_the_tokens_of_the_family(family: str, expected: str) -> None:
    assert prompt(GAP, BY_NAME[family]) == expected


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (
            "qwen",
            (
                "<|repo_name|>shop\n<|file_sep|>b.py\ndef g():\n    pass\n<|file_sep|>c/d.py\nX = 1\n<|file_sep|>a.py\n"
                "<|fim_prefix|>def f(<|fim_suffix|>):\n<|fim_middle|>"
            ),
        ),
        (
            "starcoder2",
            (
                "<repo_name>shop<file_sep>b.py\ndef g():\n    pass\n<file_sep>c/d.py\nX = 1\n<file_sep>"
                "<fim_prefix>a.py\ndef f(<fim_suffix>):\n<fim_middle>"
            ),
        ),
        (
            "mellum",
            "<filename>b.py\ndef g():\n    pass\n<filename>c/d.py\nX = 1\n<filename>a.py\n<fim_suffix>):\n<fim_prefix>def f(<fim_middle>",
        ),
        (
            "codestral",
            "[SUFFIX]):\n[PREFIX]# b.py\n# def g():\n#     pass\n# c/d.py\n# X = 1\n# a.py\ndef f(",
        ),
    ],
)
def test_other_files_come_by_the_familys_own_tokens_or_else_as_comments(family: str, expected: str) -> None:
    assert prompt(replace(GAP, snippets=SNIPPETS), BY_NAME[family]) == expected


@pytest.mark.parametrize(
    ("path", "mark"), [("a.go", "//"), ("a.sql", "--"), ("Makefile", "#"), ("x/a.TSX", "//"), ("", "//"), ("a.el", ";")]
)
def test_comments_are_those_of_the_language(path: str, mark: str) -> None:
    written = prompt(replace(GAP, path=path, snippets=SNIPPETS[1:]), BY_NAME["codegemma"])
    assert f"<|fim_prefix|>{mark} c/d.py\n{mark} X = 1\n{mark} {path}\ndef f(" in written


@FAMILY
def test_an_answer_always_ends_at_the_familys_tokens_and_at_ours(family: Family) -> None:
    asked = guarded(GAP, family)
    assert asked.stop == ("\n", *family.ends)
    assert len(asked.stop) <= 4, "many hosts take four"


@FAMILY
def test_a_token_that_a_person_wrote_is_text(family: Family) -> None:
    for token in family.special:
        text = f"a{token}b"
        asked = guarded(
            replace(GAP, prefix=text, suffix=text, path=text, project=text, snippets=(Snippet(text, text),)),
            family,
        )
        written = prompt(asked, family)
        plain = prompt(guarded(replace(GAP, snippets=(Snippet("b", "b"),)), family), family)
        assert written.count(token) == plain.count(token)


@FAMILY
@given(data=st.data())
def test_an_answer_is_cut_at_a_token_however_it_comes_in_pieces(family: Family, data: st.DataObject) -> None:
    token = data.draw(st.sampled_from(sorted(family.special)))
    text = data.draw(st.text(alphabet="a<|[ \n", max_size=8))
    whole = f"{text}{token}never shown"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    answer = Answer(family)
    shown = "".join(answer.feed(whole[start:end]) for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)) + answer.rest()
    assert answer.ended
    assert shown == whole[: min(whole.find(each) for each in family.special if each in whole)]


def test_what_only_begins_like_a_token_is_shown_in_the_end() -> None:
    answer = Answer(BY_NAME["qwen"])
    assert [answer.feed("a <"), answer.feed("|"), answer.feed("b <|fim"), answer.rest(), answer.rest()] == ["a ", "", "<|b ", "<|fim", ""]
