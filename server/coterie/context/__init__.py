"""What goes into a model's window: pure prompt assembly, and the little gathering that comes before it.

``agents`` calls it in this order: ``rules``, ``memory`` and ``collect`` read once when a conversation starts, ``task`` words the first
message of a step, ``assemble`` makes each request, ``window`` keeps it inside the model's limit, ``tokens`` counts.
"""
