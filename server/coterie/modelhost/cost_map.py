"""Prices and limits of models, made small enough to be read between two keys.

LiteLLM ships a file of three megabytes with everything that is known of every model; the server needs a tenth of it. ``write`` makes that,
in a process of its own, since reading the large file would stop an event loop; `coterie.providers.cost_map` reads it.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

SOURCE = "model_prices_and_context_window_backup.json"
_MODES = {"chat", "completion", "responses"}
_FLAGS = {
    "tools": "supports_function_calling",
    "vision": "supports_vision",
    "json_schema": "supports_response_schema",
    "prompt_cache": "supports_prompt_caching",
}
_PRICES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}
_MILLION = Decimal(1_000_000)


def write(target: Path) -> None:
    """Write the small map, whole or not at all. Imports no LiteLLM. Raises `OSError`, `ValueError`."""
    found = importlib.util.find_spec("litellm")
    if found is None or found.origin is None:
        raise OSError("LiteLLM is not installed")
    raw = json.loads((Path(found.origin).parent / SOURCE).read_bytes())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(compacted(raw), separators=(",", ":")), encoding="utf-8")
    temporary.replace(target)


def compacted(raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is needed of LiteLLM's map, by LiteLLM's names of the models.

    ``vendor`` is LiteLLM's name of the host, ``input``, ``output``, ``cache_read``, ``cache_write`` are US dollars for a million tokens as
    decimal text, ``context`` and ``longest`` are tokens, ``can`` lists abilities. What is unknown is left out.
    """
    return {name: _entry(model) for name, model in raw.items() if isinstance(model, dict) and model.get("mode") in _MODES}


def _entry(model: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"vendor": str(model.get("litellm_provider") or "")}
    prices = {short: price for short, long in _PRICES.items() if (price := _price(model.get(long))) is not None}
    # No vendor gives everything away: such a price was not known.
    if any(Decimal(price) for price in prices.values()):
        entry |= prices
    limits = {"context": model.get("max_input_tokens"), "longest": model.get("max_output_tokens")}
    entry |= {name: limit for name, limit in limits.items() if isinstance(limit, int) and limit > 0}
    entry["can"] = [ability for ability, flag in _FLAGS.items() if model.get(flag) is True]
    return entry


def _price(cost: object) -> str | None:
    """Return dollars for a million tokens. A float's shortest text is what its writer meant."""
    if isinstance(cost, bool) or not isinstance(cost, int | float) or cost < 0:
        return None
    return format((Decimal(repr(cost)) * _MILLION).normalize(), "f")
