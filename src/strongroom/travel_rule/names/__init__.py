"""Whether two names are of one person or company, though written otherwise.

``persons.compare_persons``, ``companies.compare_companies`` and ``parties.compare`` answer match, close or no match,
with a score and the reason. Latin and Hangul are understood; any other script is compared as it is written. How often
the answers are right is measured on a table of pairs, and said in docs/name_matching.md.
"""
