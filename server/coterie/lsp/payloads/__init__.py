"""What the methods of ``agent/*`` carry and only the wire has: params and results, a module for each of ``handlers`` that answers them.

``protocol`` has all of them in its table; shapes that the core has too live in ``domain``.
"""
