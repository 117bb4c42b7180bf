"""Every SQL statement of transaction_manager: rows in, frozen objects out; writes are statements for one commit."""
