-- What was sent, answered and observed is history: written once.
grant select, insert on broadcast_attempts, broadcast_outcomes, observed_blocks to service_role;
grant select, insert on watches to service_role;
grant update (closed_at, alerted_at) on watches to service_role;
grant select, insert on slot_watches to service_role;
grant update (closed_at) on slot_watches to service_role;
