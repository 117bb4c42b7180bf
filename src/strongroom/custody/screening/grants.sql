-- What was screened and exchanged is history: written once. Lists and parties are replaced by imports.
grant select, insert on aml_screening_results, travel_rule_records to service_role;
grant select, insert, update on screening_lists, travel_rule_exchanges, travel_rule_inbound to service_role;
grant select, insert, delete on screening_entries, travel_rule_originators, travel_rule_destinations to service_role;
