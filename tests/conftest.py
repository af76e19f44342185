"""Parts that several rooms of the tests need: started once, when the first test asks."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.s3 import S3Server


@pytest.fixture(scope="session")
def s3_server() -> "S3Server":
    """A real S3 server. Tests make buckets of their own in it."""
    from tests.support.setup import shared_s3

    return shared_s3()
