"""IVMS101, the interVASP data model, issue 1 (2020) and IVMS101.2023: read strictly, checked wholly, written in either.

``payload.read_payload`` is the door for untrusted bytes. What it reads in another dialect it says in warnings; what
breaks the standard it names by constraint (C1 to C12, or the kind of fault) with a JSON path into the bytes as given.
"""
