"""Files as the person sees them: open buffers first, then the disk.

``workspace`` is the face that implements `domain.workspace_ports.Workspace`. ``documents`` owns the open buffers; ``files`` reads and
replaces what is on disk, ``ignore`` and ``walk`` say which of it is listed; ``editing`` carries a change to where the text lives. Pure text
work is in ``difference`` (what changed), ``merge`` (three ways), ``hunks`` (for people) and ``line_ends``; ``uris`` names files for
editors.
"""
