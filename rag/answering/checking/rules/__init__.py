"""What makes one sentence say something else than its source? One module a rule; the judge above asks them all."""
