"""The commands below ``citewell eval``, a module a subject. Parsing is cheap; what a command needs it imports late."""
