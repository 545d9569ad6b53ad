"""Where in a project is what: an index of files, terms, symbols and history, and one ranked query over it.

`build` brings a cache up to date with a folder, `query` asks it, `rank` is the pure judgement in between; `process` keeps all of it in a
process of its own, and `client` is what the rest of Coterie talks to.
"""
