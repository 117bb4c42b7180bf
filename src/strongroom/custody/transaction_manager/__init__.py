"""TransactionManager: the record of a transaction, the nonce lanes and what makes a request repeatable.

Decides: whether an authenticated request becomes a transaction and with which intent (step 5), which status follows
which report, which transaction takes the next nonce of an address and with which fees (step 8), what an observation on
chain means (step 14), when a decision has to be made again, and when it is safe to say that a transaction has ended.
Calls balances (5a), screening (5b, 5c) and policy_engine (6); whoever comes later reports to it.

RPCs: strongroom.transaction_manager.v1.TransactionManager. Tables: transactions, transaction_steps,
transaction_status_events, idempotency_keys, nonce_lanes, spend_slots, document_sets. Calls besides: nodes.GetFees and
WatchSlot, secure_vault.GetKey and GetVaultAccount, cosigner_engine.CloseTransaction, policy_engine.CloseApproval,
screening.ReportTransfer.

Must never: change an intent, a payload or a final status; give two live transactions one nonce, or leave a gap between
nonces; let a transaction go on without balance, screening's verdict and the policy engine's decision; believe a report
that comes out of order or from another service than the one whose step it is; show an end before SIGNED without
co-signer 3's tombstone, unless another digest has consumed the nonce at finality.
"""
