"""The use cases in editor words, without any wire: what front doors call.

``application`` is the face of them all; its parts are in ``protocol_faces`` and ``editor_faces``.
"""
