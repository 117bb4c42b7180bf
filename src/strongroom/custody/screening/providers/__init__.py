"""The outside world of screening: who answers for the beneficiary's institution."""
