"""The Claude Code command line as a host of models and, in a folder of its own, as a whole agent.

``binary`` finds it and says what it may know of the environment, ``cli`` runs one and carries lines of JSON both ways. As a host:
``provider`` keeps a `conversation` with a CLI for each conversation of ours, ``decoding`` reads its answers, ``transcript`` says what was
said where a new one has to be told. ``worker`` runs it with its own tools, for ``agents.external``. What goes wrong is worded in
``endings``.
"""
