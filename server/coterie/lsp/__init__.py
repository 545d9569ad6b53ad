"""The front door for editors: the Language Server Protocol and ``agent/*`` over stdio.

Converts and nothing else: ``server`` is the way in, ``handlers`` turn messages into calls of ``features.application``, ``outbound`` turns
what the core tells into messages. ``protocol`` is the table of everything that is ours on the wire, ``payloads`` what its methods carry.
"""
