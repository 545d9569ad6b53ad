"""Ghost text: ``textDocument/inlineCompletion`` and ``agent/suggestion/*``."""

from __future__ import annotations

from lsprotocol import types

from coterie.base.text import LineIndex
from coterie.domain.suggestions import Popup, Suggestion, SuggestionExplanation, SuggestionFeedback, SuggestionRequest, SuggestionSnooze
from coterie.domain.wire import Json
from coterie.lsp import convert, protocol
from coterie.lsp.command_names import CommandName
from coterie.lsp.payloads.suggestions import SuggestionAcceptedParams, SuggestionExplainParams, SuggestionParams, SuggestionSnoozeParams
from coterie.lsp.session import Handlers, Session


async def inline_completion(session: Session, params: types.InlineCompletionParams) -> Json:
    """``textDocument/inlineCompletion``; nothing is suggested in a document that is not open."""
    uri, encoding = params.text_document.uri, session.client.encoding
    index = LineIndex(session.documents.text(uri) or "")
    selected = params.context.selected_completion_info
    popup = None
    if selected is not None:
        start, end = (index.offset(convert.position(place), encoding) for place in (selected.range.start, selected.range.end))
        popup = Popup(start, max(start, end), selected.text)
    ask = SuggestionRequest(
        uri=uri,
        text=index.text,
        offset=index.offset(convert.position(params.position), encoding),
        manual=params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked,
        popup=popup,
    )
    found = await session.application.suggestions.suggest(ask)
    return {"items": [item(session, index, suggestion) for suggestion in found]}


def item(session: Session, index: LineIndex, suggestion: Suggestion) -> Json:
    """Return a suggestion as an editor takes it. Editors drop what they do not know, so its id travels in the command."""
    start, end = (index.position(offset, session.client.encoding) for offset in (suggestion.start, suggestion.end))
    return {
        "insertText": suggestion.text,
        "filterText": suggestion.text,
        "range": {
            "start": {"line": start.line, "character": start.character},
            "end": {"line": end.line, "character": end.character},
        },
        "command": {
            "title": "Accept the suggestion",
            "command": CommandName.SUGGESTION_ACCEPTED,
            "arguments": [{"suggestionId": suggestion.suggestion_id, "source": suggestion.source}],
        },
    }


async def shown(session: Session, params: SuggestionParams) -> SuggestionFeedback:
    """``agent/suggestion/shown``."""
    return session.application.suggestions.shown(params.suggestion_id)


async def accepted(session: Session, params: SuggestionAcceptedParams) -> SuggestionFeedback:
    """``agent/suggestion/accepted``."""
    return session.application.suggestions.accepted(params.suggestion_id, params.length)


async def rejected(session: Session, params: SuggestionParams) -> SuggestionFeedback:
    """``agent/suggestion/rejected``."""
    return session.application.suggestions.rejected(params.suggestion_id)


async def explain(session: Session, params: SuggestionExplainParams) -> SuggestionExplanation:
    """``agent/suggestion/explain``."""
    return session.application.suggestions.explain(params.uri)


async def snooze(session: Session, params: SuggestionSnoozeParams) -> SuggestionSnooze:
    """``agent/suggestion/snooze``."""
    return session.application.suggestions.snooze(params.minutes)


STANDARD_HANDLERS: Handlers = {types.TEXT_DOCUMENT_INLINE_COMPLETION: inline_completion}
HANDLERS: Handlers = {
    protocol.SUGGESTION_SHOWN: shown,
    protocol.SUGGESTION_ACCEPTED: accepted,
    protocol.SUGGESTION_REJECTED: rejected,
    protocol.SUGGESTION_EXPLAIN: explain,
    protocol.SUGGESTION_SNOOZE: snooze,
}
