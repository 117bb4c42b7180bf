from tests.fixtures.anvil import anvil

__all__ = ["anvil"]
