"""SecureVault: which key and which address; admits and assembles transactions (enclave service).

Decides: whether an approved transaction is admitted (step 8: decision, approvals, verdict, intent and key agree, and
still hold when its turn comes; else the manager learns why), whether what the co-signers signed is the intended
transaction (step 12), which vault account, wallet and address a tenant has, and whether a key that the co-signers
report is the one that the owners asked for.

RPCs: strongroom.secure_vault.v1.SecureVault. Tables: vault_accounts, wallets, addresses, keys, document_sets,
admissions, assemblies, idempotency_keys. Calls: transaction_manager.RecordStep, cosigner_engine.OpenCeremony and
GenerateKey, nodes.BroadcastTransaction.

Must never: hold a key share or a private key of any kind; admit what the signed decision does not allow; pass on a
transaction whose recovered sender, recipient, amount or chain is not the intent's; change an assembly, a key record or
a document set once it is stored.
"""
