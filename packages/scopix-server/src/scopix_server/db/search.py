"""What files are found by: words and tags (`queries` asks for them).

What is searched is kept beside the file as words of our own making (see `domain.words`), so that both databases, whose
own ideas of words differ, give the same answers. On SQLite an FTS5 index over `search_documents` is kept by triggers,
on PostgreSQL two columns of words with an index each are made of its texts (see the migrations).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from scopix_server.db.embeddings import text_changed
from scopix_server.db.objects import SqlObjects
from scopix_server.db.prepared import PreparedInsert
from scopix_server.db.schema import file_tags, files, search_documents, search_pages
from scopix_server.db.words import SqlWords
from scopix_server.db.written import SqlWritten
from scopix_server.domain.file import File
from scopix_server.domain.words import kept_words, read_words, words_of

__all__ = ["SearchIndex", "folded", "tenant_word"]

# The longest text that is searched, in characters: PostgreSQL indexes 1 MiB, and a character needs up to 4 bytes.
_MAX_TEXT = 200_000
_MAX_TAG = 255
_USER, _AI = "user", "ai"
_INSERT = PreparedInsert(
    search_documents.insert(), ["file_id", "title", "description", "visible_text", "tags", "tenant"]
)
_TEXTS = (
    search_documents.c.title,
    search_documents.c.description,
    search_documents.c.visible_text,
    search_documents.c.tags,
)
_INSERT_TAGS = PreparedInsert(file_tags.insert(), ["file_id", "source", "tag"])


class SearchIndex:
    """Keeps what can be searched in step with the files. Each method replaces what was there."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, *files: File) -> None:
        """Enter new files."""
        entries = [
            {
                "file_id": file.id,
                "title": _indexed(file.title or "", file.filename),
                "description": "",
                "visible_text": "",
                "tags": _indexed(*file.user_tags),
                "tenant": _word_of(file.tenant_id, file.deleted_at),
            }
            for file in files
        ]
        _INSERT.run(self._connection, entries)
        for file, entry in zip(files, entries, strict=True):
            SqlWords(self._connection).add(file.tenant_id, _kept([entry["title"], entry["tags"]]))
        self._add_tags([row for file in files for row in _tag_rows(file.id, _USER, file.user_tags)])

    def update_metadata(self, file: File) -> None:
        """Note a changed title or changed tags of the user's."""
        self._set_tags(file.id, _USER, file.user_tags)
        self._update(file.id, title=self._title(file.id), tags=self._all_tags(file.id))
        text_changed(self._connection, file.id, is_described=False)

    def update_description(self, file_id: str, description: str, visible_text: str | None, tags: Sequence[str]) -> None:
        """Note a new current description."""
        self._set_tags(file_id, _AI, tags)
        self._update(
            file_id,
            title=self._title(file_id),
            description=_indexed(description, *SqlWritten(self._connection).sentences(file_id)),
            visible_text=self._words_of_pages(file_id) or _indexed_lines(visible_text or ""),
            tags=self._all_tags(file_id),
        )
        text_changed(self._connection, file_id, is_described=True)

    def show(self, tenant_id: str, file_id: str) -> None:
        """Let a file be found, as it is from the beginning."""
        self._set_tenant(file_id, tenant_word(tenant_id))
        for words in self.kept_of([file_id]).values():
            SqlWords(self._connection).add(tenant_id, words)

    def hide(self, file_id: str) -> None:
        """Let a deleted file be found no more."""
        self._set_tenant(file_id, "")

    def kept_of(self, file_ids: Sequence[str]) -> Mapping[str, set[str]]:
        """Return the words that are kept of files' texts, by tenant."""
        query = (
            sa.select(files.c.tenant_id, *_TEXTS)
            .join_from(search_documents, files)
            .where(search_documents.c.file_id.in_(file_ids))
        )
        found: dict[str, set[str]] = {}
        for tenant_id, *texts in self._connection.execute(query):
            found.setdefault(tenant_id, set()).update(_kept(texts))
        return found

    def remove_unused(self, words: Mapping[str, set[str]]) -> None:
        """Keep those of the words, by tenant, no longer that no text holds any more."""
        for tenant_id, gone in words.items():
            SqlWords(self._connection).remove_unused(tenant_id, gone, tenant=tenant_word(tenant_id))

    def _set_tenant(self, file_id: str, word: str) -> None:
        mine = search_documents.c.file_id == file_id
        self._connection.execute(search_documents.update().where(mine).values(tenant=word))

    def _words_of_pages(self, file_id: str) -> str:
        """Return the words of a document's pages, of which its description has the beginning only."""
        query = sa.select(search_pages.c.words).where(search_pages.c.file_id == file_id).order_by(search_pages.c.page)
        gathered, length = [], 0
        for words in self._connection.execute(query, execution_options={"yield_per": 50}).scalars():
            gathered.append(words)
            length += len(words) + 1
            if length > _MAX_TEXT:
                break
        return " ".join(gathered)[:_MAX_TEXT].rstrip()

    def _update(self, file_id: str, **values: str) -> None:
        mine = search_documents.c.file_id == file_id
        query = sa.select(files.c.tenant_id, *_TEXTS).join_from(search_documents, files).where(mine)
        tenant_id, *texts = self._connection.execute(query).one()
        before = dict(zip((column.name for column in _TEXTS), texts, strict=True))
        self._connection.execute(search_documents.update().where(mine).values(**values))
        had, has = _kept(before.values()), _kept((before | values).values())
        SqlWords(self._connection).add(tenant_id, has - had)
        self.remove_unused({tenant_id: had - has})

    def _set_tags(self, file_id: str, source: str, tags: Sequence[str]) -> None:
        mine = sa.and_(file_tags.c.file_id == file_id, file_tags.c.source == source)
        self._connection.execute(file_tags.delete().where(mine))
        self._add_tags(_tag_rows(file_id, source, tags))

    def _add_tags(self, rows: Sequence[dict[str, str]]) -> None:
        _INSERT_TAGS.run(self._connection, rows)

    def _title(self, file_id: str) -> str:
        query = sa.select(files.c.title, files.c.filename).where(files.c.id == file_id)
        title, filename = self._connection.execute(query).one()
        return _indexed(title or "", filename, *SqlWritten(self._connection).titles(file_id))

    def _all_tags(self, file_id: str) -> str:
        query = sa.select(file_tags.c.tag).where(file_tags.c.file_id == file_id).order_by(file_tags.c.tag)
        # Other words for what is seen are searched, but are no tags: "puppy" finds dogs, and claims nothing.
        seen, written = SqlObjects(self._connection).words(file_id), SqlWritten(self._connection).keywords(file_id)
        return _indexed(*self._connection.execute(query).scalars(), *seen, *written)


def _kept(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in kept_words(text)}


def tenant_word(tenant_id: str) -> str:
    """Return the word of the index by which a tenant's texts are told: letters and digits, whatever the id is of."""
    return f"t{tenant_id.encode().hex()}"


def _word_of(tenant_id: str, deleted_at: datetime | None) -> str:
    return tenant_word(tenant_id) if deleted_at is None else ""


def folded(tag: str) -> str:
    """Return a tag as tags are compared."""
    # Folding makes some letters two or three, and an index has its limits.
    return tag.casefold()[:_MAX_TAG]


def _tag_rows(file_id: str, source: str, tags: Iterable[str]) -> list[dict[str, str]]:
    return [{"file_id": file_id, "source": source, "tag": tag} for tag in dict.fromkeys(map(folded, tags))]


def _indexed(*texts: str) -> str:
    return " ".join(_words(texts))[:_MAX_TEXT].rstrip()


def _indexed_lines(text: str) -> str:
    return " ".join(read_words(text))[:_MAX_TEXT].rstrip()


def _words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from words_of(text)
