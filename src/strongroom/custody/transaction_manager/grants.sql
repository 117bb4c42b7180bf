-- History is inserted and read; of a transaction only what a step may change can be updated at all.
grant select, insert on document_sets, transaction_steps, transaction_status_events, idempotency_keys to service_role;
grant select, insert on transactions to service_role;
grant update (
    status, sub_status, reason, attempt, step, ending, tombstone, freed, held_by_fee, report_due, signed_attempt, verdict,
    decision, payload, nonce, raw_payload_cbor, tx_hash, block_number, block_hash, confirmations, fee_units, updated_at, version
) on transactions to service_role;
grant select, insert on nonce_lanes to service_role;
grant update (next_nonce, live_transaction, changed_at, version) on nonce_lanes to service_role;
grant select, insert on spend_slots to service_role;
grant update (state) on spend_slots to service_role;
