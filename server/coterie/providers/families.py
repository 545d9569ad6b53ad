"""Families of models that were trained to fill gaps: the special tokens of each, by which a plain text completion fills one. Pure.

``filling`` and the local hosts write their prompts with it. A family is recognised by the model's name, whatever stands around it: an
organisation, a size, a tag, a quantisation.

Where each format is told: Qwen's in the README of Qwen2.5-Coder ("fill-in-the-middle", "repository level") and issue 343 of
QwenLM/Qwen3-Coder, which joins the two; StarCoder2's in its paper (arXiv 2402.19173, section 5.1) and in issue 10 of its repository
(``<file_sep>`` ends an answer); StarCoder's in its README, which Stable Code, CodeQwen and, by issue 3 of ibm-granite/granite-code-models,
Granite follow; Granite 4's in IBM's documentation; Code Llama's in its paper (arXiv 2308.12950, 7B and 13B) and its tokenizer, with the
spaces; DeepSeek-Coder's in its README ("code insertion"); CodeGemma's in Google's page on its prompts; Codestral's in mistral-common
(suffix first); Seed-Coder's in its report (suffix first); Mellum's on its model card (suffix first).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from coterie.domain.suggestions import FillRequest, FimFamily
from coterie.providers.snippets import commented

_JOINTS = re.compile(r"[-_. ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """How a family is shown other files: ``name`` opens one, with its path and a line feed behind it; ``project`` opens all of them.

    ``inside`` says that the path of the file with the gap stands behind the first token of the gap and not before it.
    """

    name: str
    project: str = ""
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """The tokens before the text in front of the gap, before the text behind it, and before the answer."""

    prefix: str
    suffix: str
    middle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a family's models were trained with.

    ``ends`` are texts that end an answer, at most three, since many hosts take four in all; ``others`` stand in no text either.
    ``names`` is searched in a model's name, in small letters and without hyphens, underscores, points and blanks.
    """

    name: FimFamily
    names: str
    marks: Marks
    ends: tuple[str, ...]
    others: tuple[str, ...] = ()
    suffix_first: bool = False
    files: Files | None = None

    @property
    def special(self) -> frozenset[str]:
        """All texts that are tokens to the model, and no text of anybody's."""
        files = () if self.files is None else (self.files.name, self.files.project)
        texts = (self.marks.prefix, self.marks.suffix, self.marks.middle, *self.ends, *self.others, *files)
        return frozenset(text.strip() for text in texts if text.strip())


_STARCODER: Final = Marks("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_BARRED: Final = Marks("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

FAMILIES: Final = (
    Family(
        name="qwen",
        names=r"qwen\d*coder",
        marks=_BARRED,
        ends=("<|endoftext|>", "<|file_sep|>", "<|fim_pad|>"),
        others=("<|im_start|>", "<|im_end|>"),
        files=Files(name="<|file_sep|>", project="<|repo_name|>"),
    ),
    Family(
        name="starcoder2",
        names=r"starcoder2",
        marks=_STARCODER,
        ends=("<|endoftext|>", "<file_sep>"),
        others=("<fim_pad>",),
        files=Files(name="<file_sep>", project="<repo_name>", inside=True),
    ),
    Family(
        name="starcoder",
        names=r"starcoder|stablecode|codeqwen|granite(?:\d+b)?code|granite3\d",
        marks=_STARCODER,
        ends=("<|endoftext|>", "<fim_pad>"),
    ),
    Family(name="granite", names=r"granite4(?!b)", marks=_BARRED, ends=("<|end_of_text|>", "<|fim_pad|>")),
    Family(
        name="codellama",
        names=r"codellama(?!.*(?:python|34b))",  # those two were never shown a gap
        marks=Marks("<PRE> ", " <SUF>", " <MID>"),
        ends=("<EOT>", "</s>"),
    ),
    Family(
        name="deepseek-coder",
        names=r"deepseekcoder",
        marks=Marks("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),
        ends=("<\uff5cend\u2581of\u2581sentence\uff5c>", "<|EOT|>"),
        others=("<\uff5cbegin\u2581of\u2581sentence\uff5c>",),
    ),
    Family(
        name="codegemma",
        names=r"codegemma(?!it|.*(?:[27]bit|instruct))",  # 7b-it talks; 4bit is how small it was made
        marks=_BARRED,
        ends=("<|file_separator|>", "<eos>"),
        others=("<end_of_turn>", "<start_of_turn>"),
    ),
    Family(
        name="codestral",
        names=r"codestral(?!mamba)",
        marks=Marks("[PREFIX]", "[SUFFIX]", ""),
        ends=("</s>", "[SUFFIX]"),
        others=("[MIDDLE]", "[INST]", "[/INST]"),
        suffix_first=True,
    ),
    Family(
        name="seed-coder",
        names=r"seedcoder",
        marks=Marks("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"),
        ends=("<[end\u2581of\u2581sentence]>", "<[fim-suffix]>"),
        suffix_first=True,
    ),
    Family(
        name="mellum",
        names=r"mellum",
        marks=_STARCODER,
        ends=("<|endoftext|>", "<filename>"),
        suffix_first=True,
        files=Files(name="<filename>"),
    ),
)
"""The narrower names first."""
BY_NAME: Final[Mapping[object, Family]] = {family.name: family for family in FAMILIES}


def family_of(model: str) -> Family | None:
    """Return the family of a model by its name; None for one that is not known to fill gaps."""
    squeezed = _JOINTS.sub("", model.casefold())
    return next((family for family in FAMILIES if re.search(family.names, squeezed)), None)


def guarded(request: FillRequest, family: Family | None) -> FillRequest:
    """Return a request in whose texts nothing reads as a token of the family, and which stops at the tokens that end an answer."""
    if family is None:
        return request
    return replace(
        request,
        prefix=_without_tokens(request.prefix, family),
        suffix=_without_tokens(request.suffix, family),
        path=_without_tokens(request.path, family),
        project=_without_tokens(request.project, family),
        snippets=tuple(
            replace(snippet, path=_without_tokens(snippet.path, family), text=_without_tokens(snippet.text, family))
            for snippet in request.snippets
        ),
        stop=(*request.stop, *(end for end in family.ends if end not in request.stop)),
    )


def prompt(request: FillRequest, family: Family) -> str:
    """Write a guarded request as text with the family's tokens; other files by its tokens for these, or else as comments."""
    files = family.files if request.snippets else None
    if files is None:
        return _gap(commented(request), request.suffix, family)
    shown = "".join(f"{files.name}{snippet.path}\n{snippet.text.rstrip()}\n" for snippet in request.snippets)
    project = f"{files.project}{request.project or 'project'}" if files.project else ""
    if files.inside:
        return f"{project}{shown}{files.name}" + _gap(f"{request.path}\n{request.prefix}", request.suffix, family)
    return f"{project}\n{shown}{files.name}{request.path}\n".lstrip("\n") + _gap(request.prefix, request.suffix, family)


class Answer:
    """The text of one answer as it comes, up to the first token of the family that a host shows instead of stopping there."""

    def __init__(self, family: Family | None) -> None:
        self.ended = False
        self._special = () if family is None else tuple(family.special)
        self._held = ""  # may be the beginning of a token

    def feed(self, text: str) -> str:
        """Return what of the text is certain by now."""
        if self.ended:
            return ""
        text = self._held + text
        found = [place for token in self._special if (place := text.find(token)) >= 0]
        if found:
            self.ended, self._held = True, ""
            return text[: min(found)]
        begun = max((length for token in self._special for length in range(1, len(token)) if text.endswith(token[:length])), default=0)
        self._held = text[len(text) - begun :]
        return text[: len(text) - begun]

    def rest(self) -> str:
        """Return what was held back, once nothing follows it."""
        held, self._held = self._held, ""
        return held


def _gap(before: str, after: str, family: Family) -> str:
    before, after = f"{family.marks.prefix}{before}", f"{family.marks.suffix}{after}"
    return (after + before if family.suffix_first else before + after) + family.marks.middle


def _without_tokens(text: str, family: Family) -> str:
    """Put a blank into whatever the model would take for one of its tokens."""
    for token in family.special:
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text
