"""Ghost text: from a cursor to a suggestion, or to the reason why there is none.

``service`` is the face (`coterie.features.application.Suggestions`) and walks the stages in their order:

- ``gate``: whether to suggest anything here, and the words for each reason not to;
- ``reuse``: what was suggested before and still fits;
- ``rhythm``: how long to wait for the next key;
- ``turns``: a later request of a document ends the earlier one at once; equal requests share one call;
- ``snippets`` and ``trail``: what of other files goes along with a gap, under a deadline;
- ``filling``: the call of the model, stopped as soon as there is enough;
- ``leaks``, ``chatter``, ``indenting``, ``filters`` and ``brackets``: what of the answer is fit to be shown, with what ``prose``,
  ``repeats`` and ``languages`` know;
- ``feedback`` and ``decisions``: what became of it, and why there was none.

Everything but ``service``, ``turns`` and ``filling`` is pure. Time is the event loop's.
"""
