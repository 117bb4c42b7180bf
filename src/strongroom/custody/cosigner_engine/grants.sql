-- What the role of cosigner_engine may do; "service_role" stands for it. History is insert-only.
grant select, insert on signing_requests, signing_events, callback_invocations, key_ceremonies to service_role;
grant select, insert on close_requests, close_answers, document_sets to service_role;
grant update (status, updated_at) on close_requests to service_role;
grant update (status, updated_at) on signing_requests to service_role;
grant update (status, reason, ceremony_id, key_records, updated_at) on key_ceremonies to service_role;
