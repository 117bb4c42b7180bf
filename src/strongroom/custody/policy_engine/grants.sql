-- What was published and decided is history: written once.
grant select, insert on document_sets, approval_requests, approval_decisions to service_role;
