"""Speed and size of retrieval, measured side by side: this project, the usual recipe, the floor, the physical limit."""
