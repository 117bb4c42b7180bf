"""The Travel Rule enclave: the trusted counterpart inside a provider's own infrastructure (requirements 2).

It exchanges originator and beneficiary data with other providers' enclaves, keeps what was exchanged encrypted, and
tells its provider's back end. It is a program of its own with its own database, reached by REST only: the rest of
Strongroom knows it through screening's provider.

Doors: ``routes`` (the API for its own provider, and ``POST /v1/messages`` for the hub), ``jobs`` (commands).
Tables: verifications, counter_party_keys, own_keys, commands, and the screening tables of the requirement.

What it must never do: decide for its provider whether a customer is the one that was meant; show personal data to the
hub, to a log or to a command's body; change a result that is final.
"""
