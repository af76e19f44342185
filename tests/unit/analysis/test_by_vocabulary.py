"""Of all mentions of a vocabulary's concepts in built-in descriptions, nearly all carry their tags.

Mentions are counted here by the plain words, without what the product knows of them. A sample: `benchmarks/tags.py`
measures the same over 216 pictures that are drawn and looked at.
"""

import re

from scopix.types.vocabulary import ContentCategory
from scopix_server.analysis.builtin_describer import BuiltInDescriber
from scopix_server.categories import BUILT_IN
from scopix_server.composer.grounded import GroundedComposer
from scopix_server.domain.analysis import Analysis
from scopix_server.domain.tag_vocabulary import TagVocabulary, Term, VocabularyMode, check_terms, tags_by
from tests.support.stored import STORED, load

CONCEPTS = {
    "Paperwork": ["form", "invoice", "receipt", "letter", "certificate", "document", "page"],
    "Screen": ["screenshot", "dialog", "window"],
    "Plan": ["floor plan", "drawing", "blueprint", "map"],
    "Table": ["table", "column"],
    "Chart": ["chart", "diagram", "axis"],
    "Lettering": ["text", "heading", "line"],
}
VOCABULARY = TagVocabulary(
    VocabularyMode.PREFER, check_terms(Term(name, tuple(said)) for name, said in CONCEPTS.items())
)


def test_mentions_carry_their_tags() -> None:
    describer = BuiltInDescriber(GroundedComposer().describe, BUILT_IN)
    mentions = tagged = 0
    names = sorted(path.stem for path in STORED.glob("*.json"))
    for name in names:
        for category in (ContentCategory.GENERAL, ContentCategory.DOCUMENT, ContentCategory.SCREENSHOT):
            described = describer.describe(Analysis(load(name)[0]), category.value)
            tags = tags_by(VOCABULARY, described.tags, described.text)
            for concept, said in CONCEPTS.items():
                if re.search(rf"\b({'|'.join(said)})(s|es)?\b", described.text, re.IGNORECASE):
                    mentions += 1
                    tagged += concept in tags
    assert mentions >= 50
    assert tagged / mentions >= 0.95
