"""The `pfr` command: one file a command, thin over functions that do the work."""
