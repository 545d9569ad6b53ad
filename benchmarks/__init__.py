"""`make bench`: what Coterie costs, as ratios and shares measured in one run on one machine.

`python -m benchmarks` runs every measurement and prints a table; with `--write` it also writes `docs/benchmarks.md`.

- `startup`: spawn to `initialize`, and memory, against an empty pygls server (`empty_server`);
- `attaching`: the same for a relay, to a shared daemon that is there already;
- `streaming`: acknowledging a run while others stream, and the way of a chunk to its notification (`model_server`);
- `conversation`: bytes of the first request of a chat, and how much of each request repeats the one before;
- `indexing`: what the index costs on sympy, and what an editor feels of it, against ripgrep, FTS5 and aider (`sources`, `aider_map`);
- `relay`: what a chunk of a model's stream costs in our provider, in bare httpx and in LiteLLM (`relay_client`), and how late first
  words are;
- `prediction`: how often the offline predictor shows something and how often that is right, at places in sympy (`sources`).

By hand, on repositories that are given by path: `prediction` again, after `prediction_gate` has learned the weights from others.

All but `prediction` drive the real `coterie serve --stdio` (or `coterie attach`) as an LSP client (`client`). Absolute times belong to the
machine; the ratios are what should stay.
"""
