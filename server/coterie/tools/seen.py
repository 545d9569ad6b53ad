"""What the model of one conversation knows files to hold, so that ``write_file`` never takes away words that it has not seen.

``registry`` gives one for each conversation to the tools that read and change files; ``recall`` fills it when the conversation goes on.
"""

from __future__ import annotations

from coterie.domain.edits import FileRef, digest_of


class Seen:
    """The texts of each file that the model was shown, or that its own edits made of such texts."""

    def __init__(self) -> None:
        self._digests: dict[str, set[str]] = {}

    def show(self, file: FileRef, text: str) -> None:
        """Note that the model knows this text, all of it."""
        self._digests.setdefault(file.absolute, set()).add(digest_of(text))

    def show_part(self, file: FileRef, text: str) -> None:
        """Note that the model was shown a part of this text. That is no news of the other parts once it has seen any of the file."""
        if file.absolute not in self._digests:
            self.show(file, text)

    def follow(self, file: FileRef, before: str, after: str) -> None:
        """Note an edit of the model's own: whoever knows the text before it knows the text after it."""
        if digest_of(before) in self._digests.get(file.absolute, ()):
            self.show(file, after)

    def is_news(self, file: FileRef, text: str) -> bool:
        """Say whether a file that the model knows has become something that it does not know."""
        known = self._digests.get(file.absolute)
        return known is not None and digest_of(text) not in known
