"""Pure vocabulary shared by every tier: no I/O, no clock, no randomness, no wire types."""
