"""The composition root: the only place that constructs and wires. ``core`` builds one core, ``editors`` and ``terminal`` hand it out."""
