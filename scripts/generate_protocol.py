"""Write the protocol's reference page and JSON Schema from the server's table; with --check, say whether they are stale.

Run by `make docs` and `make check`.
"""

import sys

from coterie.lsp import schema
from freshness import ROOT, write_or_check

MADE = {"protocol.schema.json": schema.schema_file, "protocol.md": schema.page}

if __name__ == "__main__":
    sys.exit(write_or_check({ROOT / "docs" / name: make() for name, make in MADE.items()}, sys.argv[1:]))
