"""The light end of a connection to the shared daemon: everything that ``coterie attach`` needs, and nothing else.

This room stands on the standard library alone, so that attaching to a warm daemon costs an editor a few milliseconds and a few megabytes.
``places`` says where the daemon of a user listens, ``greeting`` how the two ends introduce themselves, ``attach`` is the relay. The other
end is ``app.daemon``, with ``app.relayed`` and ``app.daemon_process``, which import the first two.
"""
