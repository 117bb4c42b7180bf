"""Balances: what an address has available. Stateless: it asks nodes and holds no database.

Decides: whether a balance covers an amount and its highest fee beside what is reserved for others (step 5a).

RPCs: strongroom.balances.v1.Balances. Tables: none; its caller records its signed receipt. Calls: nodes.GetBalance.

Must never: remember a balance; call a balance sufficient that it could not read.
"""
