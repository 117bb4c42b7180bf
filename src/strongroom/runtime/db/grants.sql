-- What the role of every service may do with the tables that every service has. Run at each start by the owner;
-- "service_role" stands for the role of this database's service.
grant select, insert on service_handoff_events to service_role;
grant select, insert, update on work to service_role;
