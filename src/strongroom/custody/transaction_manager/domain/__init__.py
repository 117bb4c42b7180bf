"""What a transaction is and what may happen to it: pure, and the only place that decides."""
