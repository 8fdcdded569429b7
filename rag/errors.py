"""Every error a user can meet, under one base class.

A message says what happened, where, and what to do about it, in one line. The rooms raise; only the doors
(command line, page, API) catch.
"""


class CitewellError(Exception):
    """Base of all errors that are shown to a user as one line, without a traceback."""


class UsageError(CitewellError):
    """The command or a setting was used wrongly; the command line exits with 2."""


class SettingsError(UsageError):
    """A setting is unknown or has a value outside its bounds."""


class ReadError(CitewellError):
    """A source of papers as a whole cannot be read (missing, empty, binary, of no known format)."""


class LibraryError(CitewellError):
    """The library cannot be opened, is damaged, or does not fit the settings."""


class LibraryBusyError(LibraryError):
    """Another process writes to the library."""


class ServerError(LibraryError):
    """The Chroma server that keeps the library cannot be reached, refuses, or fails; the same may succeed later."""


class ModelError(CitewellError):
    """An embedding model or a backend cannot be used or failed.

    ``retryable`` tells whether the same request may succeed later (time-out, 429, 5xx, a cut stream).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class RecordError(CitewellError):
    """A saved answer cannot be read back: its record is malformed."""


class PromptError(CitewellError):
    """A prompt file is malformed, or was filled with other inputs than it declares."""
