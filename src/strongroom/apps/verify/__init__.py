"""The independent auditor of custody: reads databases, chain and journals, and predicts what must be there.

It shares no code with what it audits: it imports nothing of ``custody`` and ``policy``, reads tables by their names,
decodes documents and raw transactions itself, and holds its own table of legal moves. It writes nowhere. Every check is
one function in ``checks.CHECKS``. Source: trust.md 3 to 8, architecture.md 4.
"""

from strongroom.apps.verify.audit import audit_custody
from strongroom.apps.verify.checks import CHECKS, Check
from strongroom.apps.verify.findings import Finding, Outcome, Report
from strongroom.apps.verify.sources import Sources, find_journals

__all__ = ["CHECKS", "Check", "Finding", "Outcome", "Report", "Sources", "audit_custody", "find_journals"]
