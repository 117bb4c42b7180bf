-- What was published and decided is history: written once.
grant select, insert on document_sets, document_set_deliveries, api_registrations to service_role;
grant select, insert on approval_requests, approval_decisions to service_role;
