"""What can a user ask of the evaluation? Way in: ``add_parsers`` of each module, called by :mod:`eval.command`.

Parsing is cheap: a command imports what it needs when it runs.
"""
