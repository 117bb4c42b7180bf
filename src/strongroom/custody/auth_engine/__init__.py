"""Auth engine: who sent this request, and do the co-signers' partial hashes agree.

Decides: whether a request is signed by an API user of a tenant's document set, for exactly this URI and body, now and
for the first time; whether the three statements of a ceremony belong together. Enclave service.
RPCs: Authenticate (steps 2 to 4), VerifyPartials (step 11), ApplyDocumentSet.
Tables: auth_tokens, api_users, registered_keys and document_sets (append-only), certificates (append-only, revoked
once), request_nonces (unlogged: see the migration).
Must never: write a token for a request that it refuses; accept a nonce twice; take a key that is another tenant's;
sign anything.
"""
