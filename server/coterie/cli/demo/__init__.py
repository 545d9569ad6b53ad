"""``coterie demo``: the main job on a sample project, seen from outside.

``story`` tells it, ``client`` is a small LSP client that drives a server process, ``buffers`` are the documents that it has open,
``sample_project`` copies ``sample/`` and proves what happened to it, ``screen`` draws. Nothing here reaches into the server: everything
shown came over the wire, from the files, or from a command that ran.
"""
