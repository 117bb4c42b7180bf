"""What is asked and answered in the hub's tests."""

from strongroom.travel_rule.messages import AccountAnswer, AccountCheck, Answer, Question

SECRET = b'{"beneficiaryPersons":["Hong Gildong"]}'
ASKED = AccountCheck(symbol="ETH", network=None, beneficiary=SECRET)
SAID = AccountAnswer(result="DENIED", reason="MISMATCHED-NAME", message="Hong Gildong is somebody else.")


def say(_question: Question) -> Answer:
    """The same to everything."""
    return SAID
