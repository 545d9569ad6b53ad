"""Ghost text without a model: what this code base itself would write next.

`corpus.Corpus` holds the tokens of one group of languages, sorted by what stands before them; `predictor.predict` is the way through the
room: `surroundings` reads the cursor's file, `blend` continues the line as files with the same context did, `analogy` as lines of the same
shape did (`spots`), with their names exchanged (`renaming`). `measures` describes each candidate, `vicinity` whether it fits what stands
above and below it, `scope` which names it uses, `setting` whether it stood among the same names before, and `gate` says how likely the best
is the rest of the line.
Everything is pure: texts come from the caller (`coterie.features.prediction`), and the same texts give the same answer.
"""
