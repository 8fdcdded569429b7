"""The library on disk: passages and vectors in Chroma, the lexical index beside it, and the manifest."""
