"""Every SQL statement of secure_vault, by table: rows in, frozen objects out; writes are statements for one commit."""
