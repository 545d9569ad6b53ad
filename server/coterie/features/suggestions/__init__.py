"""Ghost text: from a cursor to a suggestion, or to the reason why there is none.

``service`` is the face (`coterie.features.protocol_faces.Suggestions`) and walks the stages in their order:

- ``gate``: whether to suggest anything here, and the words for each reason not to;
- ``reuse``: what was suggested before and still fits;
- ``sources``: what else is there, from the project or a model, and walks the stages that make it;
- ``extents``: a line or a block;
- ``predicting``: what the project itself would write next, from the predictor's process;
- ``rhythm``: how long to wait for the next key;
- ``turns``: a later request of a document ends the earlier one at once; equal requests share one call;
- ``whole``: for a cell of a notebook, the cells above and below it;
- ``snippets``: what of other files goes along with a gap, under a deadline;
- ``filling``: the call of the model, stopped as soon as there is enough;
- ``leaks``, ``chatter``, ``echoes``, ``indenting``, ``filters`` and ``brackets``: what of the answer is fit to be shown, with what
  ``fences``, ``prose``, ``repeats`` and ``languages`` know;
- ``ranking`` and ``syntax``: whether a model need be asked at all, and which of several suggestions comes first;
- ``feedback`` and ``decisions``: what became of it, and why there was none; ``outcomes``: how often that was to somebody's liking.

Nearly everything is pure, but for ``service`` itself and what asks, loads or keeps. Time is the event loop's.
"""
