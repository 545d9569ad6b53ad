"""Durable state: runs and their journals, chat channels, usage, all in one SQLite file that several servers may share.

``store`` is the face that ``app`` builds. Below it ``journal``, ``channels`` and ``usage`` implement the ports of the same names;
``database`` owns the one connection; ``owner`` and ``recovery`` know which server runs what, and what became of the runs of a dead one.
"""
