-- What the role of secure_vault may do; "service_role" stands for it. History is insert-only.
grant select, insert on document_sets, vault_accounts, wallets, addresses, idempotency_keys, assemblies to service_role;
grant select, insert on keys, admissions to service_role;
grant update (
    status, reason, key_request, key_request_hash, document_set_version, rounds, key_records, public_key, chain_code,
    updated_at
) on keys to service_role;
grant select, insert on key_refreshes to service_role;
grant update (status, reason, key_records, updated_at) on key_refreshes to service_role;
grant update (payload, signing_request_id) on admissions to service_role;
