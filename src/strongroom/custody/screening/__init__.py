"""Screening: may this address be paid, and must data be exchanged before it is.

Decides: the AML verdict over a destination, and the Travel Rule obligation. Signs one verdict over both.
RPCs: ScreenTransaction (step 5b), ExchangeTravelRule (step 5c), ImportList, ListLists.
Tables: aml_screening_results, travel_rule_records (both append-only), screening_lists, screening_entries.
Must never: let a payment pass because it could not ask. No list, no database, no answer: nothing moves.
"""
