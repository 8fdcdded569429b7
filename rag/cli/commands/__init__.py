"""One module a command, each with ``add_parser``. Parsing is cheap; what a command needs is imported when it runs."""
