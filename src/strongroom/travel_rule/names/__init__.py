"""Whether two names are of one person or company, though written otherwise."""
