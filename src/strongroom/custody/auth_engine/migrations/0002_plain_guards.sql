-- What is set once is compared here, in plain SQL: set_once() compares column by column in SQL that it puts together at each
-- call, so it is only called for a change that it is going to refuse, to name the column.

create or replace trigger certificates_set_once
before update on certificates
for each row when (
    old.api_user_id is not null and old.api_user_id is distinct from new.api_user_id
    or old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.public_key_der is not null and old.public_key_der is distinct from new.public_key_der
    or old.public_key_hash is not null and old.public_key_hash is distinct from new.public_key_hash
    or old.valid_from_version is not null and old.valid_from_version is distinct from new.valid_from_version
    or old.valid_from is not null and old.valid_from is distinct from new.valid_from
    or old.revoked_by_version is not null and old.revoked_by_version is distinct from new.revoked_by_version
    or old.revoked_at is not null and old.revoked_at is distinct from new.revoked_at
) execute function set_once(
    'api_user_id', 'tenant_id', 'public_key_der', 'public_key_hash', 'valid_from_version', 'valid_from',
    'revoked_by_version', 'revoked_at'
);
alter table certificates enable always trigger certificates_set_once;
