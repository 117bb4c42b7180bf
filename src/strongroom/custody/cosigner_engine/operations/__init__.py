"""The use cases of cosigner_engine, named by their verb."""
