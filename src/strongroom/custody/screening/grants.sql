-- What was screened and exchanged is history: written once. Lists are replaced by imports.
grant select, insert on aml_screening_results, travel_rule_records to service_role;
grant select, insert, update on screening_lists to service_role;
grant select, insert, delete on screening_entries to service_role;
