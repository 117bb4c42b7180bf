"""The world outside: the customer's callback handler."""
