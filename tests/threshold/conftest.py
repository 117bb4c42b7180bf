import pytest

from tests.threshold.ceremony import Shares, generate


@pytest.fixture(scope="session")
def two_of_two() -> Shares:
    return generate(threshold=2, parties=2)


@pytest.fixture(scope="session")
def two_of_three() -> Shares:
    return generate(threshold=2, parties=3)


@pytest.fixture(scope="session")
def three_of_three() -> Shares:
    return generate(threshold=3, parties=3)
