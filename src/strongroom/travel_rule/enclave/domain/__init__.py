"""Types and decisions of the enclave; pure. VASP ids are decimal texts, for they exceed 2^53; amounts are too."""
