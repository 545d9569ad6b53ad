"""Coterie, an agent language server.

The floors of the package, lowest first: ``base``, ``domain``, ``config``, then the rooms that own one piece of the outside world each
(``storage providers workspace sandbox``), ``context`` and ``tools``, ``agents``, ``features``, the front doors (``lsp cli``), and ``app``,
which alone constructs and wires. A lower floor never imports an upper one; ``docs/architecture.md`` says why.
"""

__version__ = "0.1.0"
