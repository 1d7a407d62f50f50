"""The steps of the work, one file a command, each read from top to bottom."""
