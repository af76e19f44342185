"""Of all mentions of a vocabulary's concepts in descriptions, how many carry their tags: python benchmarks/tags.py

Draws pictures (the groups of `evaluation/`, with numbers beyond those of the set), looks at them, describes them with
the built-in describer, and brings their tags onto a vocabulary as a server does. Mentions are counted by the plain
words, without what the product knows of them: a concept that is denied or only quoted counts as mentioned, too. Beside
it the share that carries one of the concept's own words as a tag without a vocabulary.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from evaluation.draw import GROUPS, draw
from scopix_server.categories import catalogue_with
from scopix_server.config import read_settings
from scopix_server.domain.description import Description
from scopix_server.domain.tag_vocabulary import TagVocabulary, Term, VocabularyMode, check_terms, tags_by
from scopix_server.wiring.analysis import analyzer_and_describer

CONCEPTS = {
    "Paperwork": ["form", "invoice", "receipt", "letter", "certificate", "document", "page", "slip"],
    "Screen": ["screenshot", "dialog", "window", "app"],
    "Plan": ["floor plan", "plan", "drawing", "sheet"],
    "Map": ["map", "legend"],
    "Chart": ["chart", "diagram", "axis", "axes", "bar"],
    "Table": ["table", "column", "row"],
    "Room": ["kitchen", "bathroom", "bedroom", "living room", "hall"],
    "Sign": ["sign", "notice"],
    "Money": ["total", "amount", "price"],
    "Lettering": ["text", "heading", "title", "line", "word"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=12, help="pictures of each group [12: 216 in all]")
    each = parser.parse_args().each
    vocabulary = TagVocabulary(
        VocabularyMode.PREFER, check_terms(Term(name, tuple(words)) for name, words in CONCEPTS.items())
    )
    pictures = mentions = tagged = before = 0
    for description in _descriptions(each):
        pictures += 1
        tags = tags_by(vocabulary, description.tags, description.text)
        for concept, words in CONCEPTS.items():
            if re.search(rf"\b({'|'.join(words)})(s|es)?\b", description.text, re.IGNORECASE):
                mentions += 1
                tagged += concept in tags
                before += any(tag.casefold() in words for tag in description.tags)
    print(f"{pictures} pictures, {mentions} mentions of {len(CONCEPTS)} concepts")
    print(f"with their tag: {tagged / mentions:.1%}; without a vocabulary, with a word of it: {before / mentions:.1%}")


def _descriptions(each: int) -> Iterator[Description]:
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data_dir=Path(folder))
        analyzer, describer = analyzer_and_describer(settings, catalogue_with(settings.own_categories))
        for group in GROUPS:
            for number in range(each):
                picture = draw(group, "tuning", number)
                path = Path(folder) / f"{group}-{number}{picture.suffix}"
                path.write_bytes(picture.data)
                yield describer.describe(analyzer.analyze(path), "general")


if __name__ == "__main__":
    main()
