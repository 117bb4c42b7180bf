"""Types and decisions of screening; pure."""
