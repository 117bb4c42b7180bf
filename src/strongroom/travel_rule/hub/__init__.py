"""The Travel Rule hub: who is in the network, and the carrying of sealed messages between their enclaves.

Decides nothing about a transfer and can read none. Doors: ``routes`` (``GET /v1/vasps``, ``POST /v1/messages/{vasp}``,
``GET /v1/health``; mutual TLS, one certificate a VASP), ``jobs`` (directory, the enclaves' health,
metadata and its end).
Tables: vasps, vasp_health, relayed_messages.

What it must never do: store or log a byte of a message's body; carry a message for a sender whose certificate names
another; hold the network authority's key, by which alone a VASP's record is made.
"""
