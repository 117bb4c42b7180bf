"""Policy engine: may this happen, and who must agree.

Decides: the action of the policy over one intent, and when enough people have approved; keeps the tenant's published
document sets. Enclave service.
RPCs: EvaluateTransaction (steps 6 and 7), SubmitApproval (step 7), CloseApproval, GetApproval, ListApprovals,
PublishDocumentSet, GetDocumentSet.
Tables, all append-only: approval_requests, approval_decisions, document_sets, document_set_deliveries,
api_registrations.
Must never: decide on an intent that does not belong to the initiator's own signed request, or on a lapsed verdict;
change a decision; be believed without proof (every co-signer decides again).
"""
