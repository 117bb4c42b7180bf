-- Who asked, under which certificate, is history: written once; a certificate can only be revoked, once.
grant select, insert on document_sets, api_users, registered_keys, certificates, auth_tokens to service_role;
grant update (revoked_at, revoked_by_version) on certificates to service_role;
-- A nonce is forgotten once its request could not be accepted anyway.
grant select, insert, delete on request_nonces to service_role;
