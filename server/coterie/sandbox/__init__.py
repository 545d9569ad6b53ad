"""Run commands with everything out of reach that they do not need. Implements `coterie.domain.workspace_ports.Sandbox`.

``app`` builds a `coterie.sandbox.probe.ProbedSandbox`, which finds out on first use whether ``bubblewrap`` works here and falls back to
``plain``. ``environment`` says what a command sees of the environment, ``process`` runs it and never leaves a child behind.
"""
