"""Programs for the developer: lock, generate. Nothing here is part of the product."""
