"""Durable next calls: a row for each, written in the commit that makes the call due, and never lost.

A step commits what it decided together with the rows of the calls that follow (``Work.commit``). This process makes
those calls at once; when it dies, another takes them after the lease is over. A handler may therefore run more than
once, at two places at the same time even: it asks idempotently and stores once, because finishing its row is guarded by
version and lease. Rows live in the table ``work`` of the service's own database (runtime/db/migrations), and for some
days after their call is over.
"""

from strongroom.runtime.work.item import WorkItem
from strongroom.runtime.work.worker import Handler, Work

__all__ = ["Handler", "Work", "WorkItem"]
