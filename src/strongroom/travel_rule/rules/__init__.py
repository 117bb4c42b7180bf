"""What jurisdictions ask of a transfer, as dated data, and the evaluator that says which rule asks for which field."""
