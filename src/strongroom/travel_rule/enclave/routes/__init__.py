"""Doors over HTTP: the API for the provider's own systems, and the message door for the hub."""
