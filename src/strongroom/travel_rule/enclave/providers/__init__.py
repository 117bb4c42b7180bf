"""The outside world behind ports: the provider's back end."""
