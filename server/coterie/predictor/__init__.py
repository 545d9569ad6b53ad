"""Ghost text without a model: what this code base itself would write next.

`corpus.Corpus` holds the tokens of one group of languages, sorted by what stands before them; `predictor.predict` is the way through the
room: `surroundings` reads the cursor's file, `blend` continues the line as files with the same context did, `analogy` as lines of the same
shape did, with their names exchanged, `measures` describes each candidate, `vicinity` whether it fits what stands above and below it,
and `gate` says how likely the best is the rest of the line.
Everything is pure: texts come from the caller (`coterie.features.prediction`), and the same texts give the same answer.
"""
