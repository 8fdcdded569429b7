"""The folder where model files that were downloaded or put together stay between runs."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Return our folder in the user's cache directory (XDG Base Directory Specification); it may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "citewell"
