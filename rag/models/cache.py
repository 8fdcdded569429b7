"""Where model files that were fetched or put together stay between runs."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Our folder in the user's cache directory (XDG Base Directory Specification); it may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "citewell"
