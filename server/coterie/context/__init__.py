"""What goes into a model's window: pure prompt assembly, and the little gathering that comes before it.

``agents`` calls it in this order: ``rules``, ``memory`` and ``collect`` read once when a conversation starts, ``task`` words the first
message of a step, ``admitting`` takes out what there is no room for, ``assemble`` makes each request, ``tokens`` counts it, ``pieces`` cuts
it up. ``thread`` says what of a conversation is still sent, ``window`` plans what fits, ``pruning`` and ``compaction`` choose what goes.
"""
