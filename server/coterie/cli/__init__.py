"""The command line: a front door for a person at a terminal, a pipe, or a script.

``main`` parses and dispatches; ``wiring`` is what ``app`` gives it. ``runs`` serves ``ask`` and ``run`` over the same features as every
editor, ``undo`` and ``doctor`` are a command each, ``demo`` drives a server of its own from outside. Only here may the package print.
"""
