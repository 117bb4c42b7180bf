-- What the role of every service may do with the tables that every service has. Run at each start by the owner;
-- "service_role" stands for the role of this database's service.
grant select, insert on service_handoff_events to service_role;
-- A call that is over is forgotten after a while; one that is still to be made a trigger keeps (0002_forget_work.sql).
grant select, insert, update, delete on work to service_role;
