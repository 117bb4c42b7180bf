"""Gateway: the public REST door.

Decides nothing: it authenticates by asking auth_engine, limits the rate, and carries requests and answers between
Fireblocks' JSON shapes and the services. Step 1 of a transaction begins here.
Routes: everything under /v1, see docs/openapi.json. Tables: none; it has no database and no key but its handoffs'.
Must never: let a request pass that auth_engine did not accept (only /v1/health is open); take a tenant, user or
environment from the caller's headers; change a byte of the original request; show what an unexpected error said.
"""
