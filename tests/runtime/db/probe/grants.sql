grant select, insert, update, delete on things to service_role;
grant select, insert, delete on notes to service_role;
grant select, insert, update on records to service_role;
