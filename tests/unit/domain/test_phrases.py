"""Words of sentences."""

import pytest

from scopix_server.domain.phrases import article


@pytest.mark.parametrize(
    ("noun", "with_article"), [("invoice", "an invoice"), ("menu", "a menu"), ("minutes", "minutes")]
)
def test_nouns_without_a_singular_have_no_article(noun: str, with_article: str) -> None:
    assert article(noun) == with_article
