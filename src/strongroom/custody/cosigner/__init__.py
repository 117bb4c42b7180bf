"""A co-signer: the process that holds one of three shares, and the only party that can refuse to use it.

It decides: will I sign this? It answers with a signed consent, a refusal that leaves no trace, or a tombstone for ever
(trust.md 3 to 7). It dials out to ``cosigner_engine.v1.CosignerLink/Connect`` and opens no port; ``EngineOrder`` comes
in, ``CosignerReport`` goes out. It trusts no service: requests, policy, decision and verdict are checked again against
the tenant's document set, which was installed here locally. Before it consents it asks the customer's callback handler,
where its own configuration names one.

Its database is one SQLite file: ``journal``, append-only and hash-chained, and index tables that follow from it:
``document_sets``, ``keys``, ``key_requests``, ``requests``, ``external_ids``, ``slots``, ``consents``, ``released``,
``finished``, ``tombstones``, ``peer_tombstones``, ``callbacks``, ``refusals``, ``peer_heads``, ``frozen``,
``lost_until``, ``bans``, ``failures``.

It must never: sign a digest it did not encode itself; send its last-round message before RELEASED is persisted; sign a
tombstone after it, or release after a tombstone, its own or a peer's; sign for a tenant once its journal was found to
be rolled back; take part with a banned peer; use a consent's nonce twice; consent without the APPROVE of a handler that
it has; store or show a share unsealed; answer before its journal has it; import a host, a database server, a bus or a
node client.
"""
