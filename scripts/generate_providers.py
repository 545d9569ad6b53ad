"""Write the tables of docs/providers.md: provider by capability, and the families of models that fill gaps by their tokens.

Each cell and each family is proven by a test; with --check, say whether the tables are stale.

A test says what it proves with ``@pytest.mark.proves("ollama", "install")``: whose capability (one type, or a tuple of them), and which.
The marks are read from the tests' sources, so they are literals. A capability that a provider claims and no test proves is an error, and so
is a mark that nobody claims. Run by `make docs` and `make check`.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from coterie.domain.model_ports import Provider
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FillRequest
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import BaseProvider
from coterie.providers.cost_map import CostMap
from coterie.providers.families import FAMILIES, prompt
from coterie.providers.kinds import Means, build
from coterie.providers.model_host import ModelHost
from coterie.providers.transport import Transport
from freshness import ROOT, write_or_check

PAGE = ROOT / "docs" / "providers.md"
BEGIN = "<!-- made from the tests by scripts/generate_providers.py: do not edit -->"
END = "<!-- made until here -->"
MARK = "proves"
TOKENS = "tokens"
"""What is claimed of a family of models."""
Proofs = Mapping[tuple[str, str], list[tuple[Path, str]]]
"""The tests by provider and capability: file and name."""


def always(_provider: Provider) -> bool:
    """Claim it for everyone."""
    return True


def has(name: str) -> Callable[[Provider], bool]:
    """Claim what a provider's capabilities say."""
    return lambda provider: bool(getattr(provider.capabilities, name))


def does(method: str) -> Callable[[Provider], bool]:
    """Claim what a provider does otherwise than refuse."""
    return lambda provider: getattr(type(provider), method) is not getattr(BaseProvider, method)


CAPABILITIES: Final[Mapping[str, tuple[str, Callable[[Provider], bool]]]] = {
    "streaming": ("streams", has("streaming")),
    "tools": ("calls tools", has("tools")),
    "fim": ("fills gaps", has("fim")),
    "vision": ("sees", has("vision")),
    "json_schema": ("keeps to a schema", has("json_schema")),
    "prompt_cache": ("caches prompts", has("prompt_cache")),
    "models": ("lists models", always),
    "install": ("installs models", has("install")),
    "unload": ("unloads models", does("unload_model")),
    "count_tokens": ("counts tokens", does("count_tokens")),
    "failures": ("fails in kinds", always),
}
"""What is claimed: the heading, and by whom."""


def providers() -> Iterator[tuple[str, Provider]]:
    """Build one of each type, with all that can be set switched on. Opens nothing."""
    means = Means(Transport, ModelHost, CostMap())
    for kind in get_args(ProviderType):
        yield kind, build(ProviderConfig(id=kind, type=kind, base_url="http://127.0.0.1:1", fim=True), means)


def proofs() -> Proofs:
    """Read the marks of all tests."""
    found: dict[tuple[str, str], list[tuple[Path, str]]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if f"mark.{MARK}" not in source:
            continue
        for test in ast.walk(ast.parse(source)):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for provider, capability in marks_of(test):
                    found.setdefault((provider, capability), []).append((path, test.name))
    return found


def marks_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Return what a test says it proves. Raises `ValueError` for a mark that is no literal."""
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr == MARK:
            whose, *which = (ast.literal_eval(argument) for argument in decorator.args)
            yield from ((provider, capability) for provider in ((whose,) if isinstance(whose, str) else whose) for capability in which)


def faults(claimed: set[tuple[str, str]], proven: Proofs) -> list[str]:
    """Say what is claimed and not proven, or the other way round."""
    missing = [f"no test proves `{capability}` of `{provider}`" for provider, capability in sorted(claimed - proven.keys())]
    idle = [
        f"{name} proves `{capability}` of `{provider}`, which nobody claims"
        for (provider, capability), tests in sorted(proven.items())
        if (provider, capability) not in claimed
        for _, name in tests
    ]
    return missing + idle


def table(kinds: list[str], claimed: set[tuple[str, str]], proven: Proofs) -> str:
    """Return the table, and below it the test of each cell."""
    shown = [capability for capability in CAPABILITIES if any((kind, capability) in claimed for kind in kinds)]
    lines = [
        f"| | {' | '.join(CAPABILITIES[capability][0] for capability in shown)} |",
        f"|---|{'---|' * len(shown)}",
        *(f"| `{kind}` | {' | '.join('✓' if (kind, capability) in claimed else '' for capability in shown)} |" for kind in kinds),
        "",
        "| provider | capability | proven by |",
        "|---|---|---|",
    ]
    for kind in kinds:
        for capability in shown:
            if (kind, capability) in claimed:
                links = (f"[`{name}`](../{path.relative_to(ROOT)})" for path, name in proven[kind, capability])
                lines.append(f"| `{kind}` | {CAPABILITIES[capability][0]} | {', '.join(links)} |")
    return "\n".join(lines)


def families(proven: Proofs) -> str:
    """Return the families of models that are asked by their own tokens."""
    lines = ["| family | a gap | an answer ends at | other files | proven by |", "|---|---|---|---|---|"]
    gap = FillRequest(model="", prefix="\u2026", suffix="\u2026", max_tokens=1)
    for family in FAMILIES:
        links = ", ".join(f"[`{name}`](../{path.relative_to(ROOT)})" for path, name in proven[family.name, TOKENS])
        ends = ", ".join(f"`{end}`" for end in family.ends)
        files = "as comments" if family.files is None else f"`{family.files.name}`"
        lines.append(
            f"| `{family.name}` | `{prompt(gap, family)}` | {ends} | {files} | {links} |".replace("<|", "<\\|").replace("|>", "\\|>")
        )
    return "\n".join(lines)


def page(made: str) -> str:
    """Return the page with the table in its place."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Judge the claims and write the table."""
    built = dict(providers())
    claimed: set[tuple[str, Any]] = {
        (kind, capability) for kind, provider in built.items() for capability, (_, claims) in CAPABILITIES.items() if claims(provider)
    }
    claimed |= {(family.name, TOKENS) for family in FAMILIES}
    proven = proofs()
    if wrong := faults(claimed, proven):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    return write_or_check({PAGE: page(f"{table(list(built), claimed, proven)}\n\n{families(proven)}")}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
