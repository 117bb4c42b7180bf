-- Members come and are renewed; what passed is history, until it is old.
grant select, insert, update on vasps, vasp_health to service_role;
grant select, insert on relayed_messages to service_role;
grant execute on function forget_relayed_messages to service_role;
