"""The running system: the only code that sees all services."""
