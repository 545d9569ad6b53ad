"""Every exception that Coterie raises on purpose, in one tree.

::

    CoterieError                 a sentence that a person can act on, with a stable code
    ├── RequestError             a client asked for what cannot be had; answered with -32803 and ``data.code``
    │   └── InvalidParamsError   the request itself is malformed; answered with -32602
    ├── RunError                 ends a run as ``failed``; its code becomes the run's ``reason``
    │   ├── ProviderError        a model's host failed, classified by ``kind`` (see `FailureKind`)
    │   └── BudgetExhaustedError a limit of money, tokens, time or steps is reached
    ├── ModelMistakeError        goes back to the model as a tool's result: the model can correct it
    │   └── EditMismatchError    the text to replace is not there, or not once
    ├── MergeConflictError       two edits cannot both stand without a guess; the text is left alone
    ├── SettingsError            a configuration file cannot be used
    └── StorageError             the database cannot be read or written (full disk, damaged file, network file system)
        └── UnreadableRunError   the journal of one run holds what this version does not know; all others can be read

Two audiences: ``ModelMistakeError`` is worded for the model, all others for the person. Anything else that is raised is a defect.
"""

from __future__ import annotations

from typing import Literal

from coterie.base.text import scalars

FailureKind = Literal[
    "transient",
    "rate_limited",
    "quota_exhausted",
    "auth_required",
    "context_overflow",
    "content_policy",
    "bad_request",
]
"""Why a model's host failed. ``transient`` and ``rate_limited`` are worth another attempt, the others are not."""


class CoterieError(Exception):
    """Base of the tree.

    ``message`` is a full sentence for its audience, ``code`` a stable snake_case word, ``action`` the name of a command that would help.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None, action: str | None = None) -> None:
        # It may quote what a stranger sent, and is stored and sent on.
        self.message = scalars(message)
        super().__init__(self.message)
        self.action = action
        if code is not None:
            self.code = code


class RequestError(CoterieError):
    """A client's request that cannot be fulfilled now, for example ``unknown_run`` or ``run_active``."""

    code = "request_failed"


class InvalidParamsError(RequestError):
    """A client's request with parameters that make no sense."""

    code = "invalid_params"


class RunError(CoterieError):
    """Ends a run as ``failed``; ``code`` becomes the reason that every client sees."""

    code = "run_failed"


class ProviderError(RunError):
    """A model's host failed.

    ``kind`` says what may be done about it; ``retry_after`` is the host's own wish in seconds, where it gave one; ``status`` the HTTP
    status; ``reached`` is False when the host cannot have got the request; ``repeatable`` is False when the host may have begun to do
    something that it must not do twice: then nobody asks it again by himself, whatever the kind, but another model may be asked.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind,
        retry_after: float | None = None,
        status: int | None = None,
        code: str | None = None,
        action: str | None = None,
        reached: bool = True,
        repeatable: bool = True,
    ) -> None:
        super().__init__(message, code=code or ("provider_failed" if kind == "transient" else kind), action=action)
        self.kind: FailureKind = kind
        self.retry_after = retry_after
        self.status = status
        self.reached = reached
        self.repeatable = repeatable

    @property
    def used_nothing(self) -> bool:
        """Whether the call cost nothing, when nothing of its answer had come: the host refused it, or never got it."""
        return self.status is not None or not self.reached


class BudgetExhaustedError(RunError):
    """A budget or a limit of the run is used up."""

    code = "budget_exhausted"


class ModelMistakeError(CoterieError):
    """What the model asked for cannot be done as asked. The message tells the model how to correct it."""

    code = "model_mistake"


class EditMismatchError(ModelMistakeError):
    """The text that an edit wants to replace does not stand in the file exactly once."""

    code = "edit_mismatch"


class MergeConflictError(CoterieError):
    """Taking back or redoing an edit would touch what somebody else wrote since."""

    code = "merge_conflict"


class SettingsError(CoterieError):
    """A configuration that cannot be used; the message names file, line and key."""

    code = "bad_settings"


class StorageError(CoterieError):
    """The database cannot be used; what was committed before is still there."""

    code = "storage_failed"


class UnreadableRunError(StorageError):
    """The journal of one run holds what this version does not know. A list of runs does without it."""

    code = "run_unreadable"
