"""Settings: one schema, read from every layer, with what is wrong in them said in words.

``load`` is the face: it reads the layers and lays them over each other. ``schema`` says which keys there are, ``layers`` checks one layer,
``restrictions`` takes away what a layer may not say, ``environment`` and ``keys`` read variables, ``paths`` says where files live.
"""
