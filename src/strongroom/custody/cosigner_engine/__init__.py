"""CosignerEngine: runs ceremonies and routes sealed messages it cannot read (enclave service).

Decides: when to ask the three co-signers, whether a ceremony may start (all three consented), whether it is repeated
or over. Of what a co-signer signs it judges one thing, whether a signature called finished verifies: the co-signers
check each other, auth_engine their partial hashes.

RPCs: strongroom.cosigner_engine.v1.CosignerEngine, and CosignerLink on a port of its own, which co-signers dial with
mTLS. Tables: signing_requests, close_requests, key_ceremonies; append-only: signing_events, close_answers,
callback_invocations, document_sets. Calls: transaction_manager.RecordStep and RecordClose, auth_engine.VerifyPartials,
secure_vault.AssembleTransaction and RecordKey.

Must never: read or alter an envelope; start a ceremony without three consents; route for a ceremony that is not running
or between others than its members; report a failure of a transaction that a co-signer may still finish.
"""
