"""What a co-signer does: one file for each verb. Everything runs inside the event loop, without waiting."""
