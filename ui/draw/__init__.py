"""How does an answer become safe HTML? Pure functions from values to markup."""
