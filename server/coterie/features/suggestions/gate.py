"""Whether to suggest anything here at all, and the words for every reason why there is no suggestion. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from unicodedata import category

from coterie.config.schema import Settings
from coterie.domain.suggestions import SnippetUsed, SuggestionRequest, SuggestionStage


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no suggestion, in the words of `coterie.domain.suggestions.SuggestionExplanation`.

    ``used`` is what else a model was shown whose answer it is about.
    """

    stage: SuggestionStage
    reason: str
    text: str
    used: tuple[SnippetUsed, ...] = ()


NEVER_ASKED: Final = Refusal("none", "not_asked", "The editor has not asked for a suggestion here yet.")
OFFERED: Final = Refusal("offered", "offered", "There was a suggestion.")
NOT_OPEN: Final = Refusal("gate", "not_open", "The editor has not opened this document with the server.")
OFF: Final = Refusal("gate", "off", "Ghost text is switched off: `suggestions.enabled` is false.")
SNOOZED: Final = Refusal("gate", "snoozed", "Ghost text is snoozed; it comes only when you ask for it.")
MID_WORD: Final = Refusal("gate", "mid_word", "The cursor is inside a word.")
POPUP_LEAVES_LINE: Final = Refusal("gate", "popup", "The selected entry of the completion list replaces more than a part of one line.")
JUST_ACCEPTED: Final = Refusal("gate", "just_accepted", "A suggestion was accepted just here; the next one comes when you go on.")
SECRET: Final = Refusal("gate", "secret_file", "The file has the name of a secret; no model is shown it.")
IGNORED: Final = Refusal("gate", "ignored_file", "The file is ignored in this workspace; no model is shown it.")
REJECTED: Final = Refusal("reuse", "rejected", "The suggestion for this place was dismissed.")
NOT_SURE: Final = Refusal("predictor", "not_sure", "Nothing in this project says surely enough how this line goes on.")
SELDOM_ACCEPTED: Final = Refusal("predictor", "seldom_accepted", "Such suggestions are seldom accepted here; this one is not sure enough.")
BUILDING: Final = Refusal("predictor", "building", "The project is still being read; suggestions without a model come when that is done.")
UNAVAILABLE: Final = Refusal("predictor", "predictor_unavailable", "The process that predicts lines without a model cannot be asked.")
SLOW: Final = Refusal("provider", "slow", "The model did not answer while the person waits.")
SUPERSEDED: Final = Refusal("debounce", "superseded", "A later request of this document took the place of this one.")
CANCELLED: Final = Refusal("debounce", "cancelled", "The editor took its request back.")
TIMED_OUT: Final = Refusal("provider", "timed_out", "The model took too long.")
DUPLICATE: Final = Refusal("filter", "duplicates_suffix", "The model only repeated what stands behind the cursor.")
MOVED_ON: Final = Refusal("filter", "document_changed", "The document has changed while the model was thinking.")


def model_of(settings: Settings) -> str | None:
    """Return the model that fills in ghost text; None: the predictor is alone."""
    return None if settings.completion_model == "none" else settings.completion_model


def disabled_language(language: str) -> Refusal:
    """Say that the settings name the document's language."""
    return Refusal("gate", "disabled_language", f"`suggestions.disabled_languages` names {language}.")


def refusal(ask: SuggestionRequest, language: str, settings: Settings, *, snoozed: bool) -> Refusal | None:
    """Return why nothing is suggested. What a person asks for is refused only when it cannot be had."""
    end = ask.offset if ask.popup is None else ask.popup.end
    always = (
        (not settings.suggestions.enabled, OFF),
        (ask.popup is not None and "\n" in ask.text[ask.popup.start : ask.popup.end], POPUP_LEAVES_LINE),
        (_is_word(ask.text[end : end + 1]), MID_WORD),  # whatever is put into a word breaks it, asked for or not
    )
    unasked = (
        (snoozed, SNOOZED),
        (language in settings.suggestions.disabled_languages, disabled_language(language)),
    )
    return next((why for holds, why in (*always, *(() if ask.manual else unasked)) if holds), None)


def _is_word(character: str) -> bool:
    """Say whether a character goes on with a word; marks do, such as the vowel signs of many scripts and accents of their own."""
    return character.isalnum() or character == "_" or (character != "" and category(character).startswith("M"))
