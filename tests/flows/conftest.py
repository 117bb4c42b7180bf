from tests.fixtures.embedded import client, embedded

__all__ = ["client", "embedded"]
