"""The process that alone imports LiteLLM, and with it reaches the vendors whose wires Coterie does not speak itself.

LiteLLM takes seconds to import and hundreds of megabytes, prints, and needs half a millisecond for each piece of an answer. So none of it
is in the process that answers the editor: ``providers.model_host`` starts this one (``python -m coterie.modelhost``), talks to it over a
socket in `frames`, and starts it again when it dies. `host` serves many calls at once, `calls` makes one of them, `failures` says what went
wrong in a form that the other end classifies.

`cost_map` is the second thing that LiteLLM is good for: prices and limits of thousands of models, whoever hosts them. Reading it needs no
LiteLLM, only time that the event loop of the server does not have.

The room imports nothing but ``base``, and importing one of its modules does not import LiteLLM.
"""
