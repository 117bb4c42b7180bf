"""The manager's use cases, one verb a file."""
