"""Frozen data and ports: what Coterie talks about, without how anything is done.

``messages`` (a conversation with a model), ``events`` (what clients are told), ``records`` (what the journal keeps), ``edits``,
``permissions``, ``proposals`` (what a tool wants to do), ``runs``, ``channels``, ``usage``. The Protocols that upper and outer rooms
implement are ``model_ports``, ``store_ports``, ``workspace_ports``, ``code_ports`` and ``client_ports``.
"""
