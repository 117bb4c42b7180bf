"""The custody wing: the services that take a transaction through its fourteen steps. None imports another."""
