"""What an agent may do to the world: tools propose, rules judge, nothing here acts.

``registry`` builds the `Toolbox` of an agent, one module a tool; ``tool`` is their contract. ``rules`` judges the effects that a call
declares, ``shell`` reads a command line into such effects. ``agents`` asks the person and carries proposals out.
"""
