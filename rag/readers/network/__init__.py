"""Which documents may be fetched, and how? Way in: :class:`rag.readers.network.remote.Remote`."""
