"""Hosts of models: how a call reaches one, and how its answer and its failures read in one vocabulary.

``app`` builds a `registry.Providers` from the settings; ``agents`` and ``features`` know it by the port in ``domain.model_ports``. Inside:

- ``contract``: what all providers have in common; ``config``: what the settings say of one; ``keys``: where its key comes from.
- ``registry``: which providers there are and how their latest use went; ``kinds`` builds one of each type.
- ``decoding``: from the events of a wire to that vocabulary.
- ``http_provider``: one call over HTTP; ``openai_compatible`` and ``anthropic`` are its two wires, pure and without a socket;
  ``completions`` is the one that fills gaps.
- ``litellm``: all other vendors, by the process that ``model_host`` keeps; ``vendors`` is what LiteLLM knows of each.
- ``transport``: the shared HTTP client, timeouts, and closing at once; ``sse`` splits what it reads; ``fields`` reads strangers' JSON.
- ``ollama`` (its wire: ``ollama_wire``), ``llama_cpp`` (gaps: ``infill``) and ``llama_swap`` (``loading_text``): hosts on machines of one's
  own; ``lanes``: one model at a time on each; ``discovery``: those that nobody named.
- ``replay``, ``recorder``, ``cassette``: recorded sessions.
- ``classification``, ``failures``: of what kind a failure is, and in which words.
- ``resilience``: when to try again or another model, how fast, and which answers cost no call; ``broadcast``: streams that several follow.
- ``cost_map``: prices and limits of models; ``prices``: what a call cost.

``docs/providers.md`` tells the same to people who configure them.
"""
