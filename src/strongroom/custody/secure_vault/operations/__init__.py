"""The use cases of secure_vault, named by their verb."""
