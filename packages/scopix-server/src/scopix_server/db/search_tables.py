"""The tables that files and pages are found by, made with what `schema` is made with.

See `search`, `objects` and `pages`; `vectors` and `embeddings`.
"""

import sqlalchemy as sa

from scopix_server.db.columns import metadata

__all__ = [
    "document_pages",
    "documents",
    "file_fields",
    "file_metadata",
    "file_objects",
    "file_tags",
    "fingerprints",
    "search_documents",
    "search_pages",
    "search_words",
    "text_embeddings",
    "text_vectors",
    "vector_changes",
    "vectors",
]

_ID = sa.String(36)

search_documents = sa.Table(
    "search_documents",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("visible_text", sa.Text, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),
    # Whose it is, as a word of the index (see `search`); nobody's while its file is deleted.
    sa.Column("tenant", sa.String(80), nullable=False, server_default=""),
)

# What words are found by of which a part is searched (see `words`). One may be there twice: nobody is made to wait.
search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("word", sa.Text, nullable=False),
    sa.Index("ix_search_words_tenant_word", "tenant_id", "word"),
)

file_tags = sa.Table(
    "file_tags",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("source", sa.String(8), primary_key=True),
    sa.Column("tag", sa.String(255), primary_key=True, index=True),
)

# How many things of each label a photograph shows, at least: what lists are narrowed down and searched by.
file_objects = sa.Table(
    "file_objects",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("label", sa.String(32), primary_key=True, index=True),
    sa.Column("number", sa.Integer, nullable=False),
)

# The values of a file's category, each under its name and the names of what it is in (see `fields`).
file_fields = sa.Table(
    "file_fields",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("text", sa.String(255), nullable=False),
    sa.Column("number", sa.Float),
    sa.Index("ix_file_fields_name_number", "name", "number"),
)

# What people wrote into the file about the picture: title, caption, keywords, place, credit, rating (see `written`).
file_metadata = sa.Table(
    "file_metadata",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(16), nullable=False),
    sa.Column("text", sa.String(500), nullable=False),
    sa.Column("number", sa.Float),
    sa.Index("ix_file_metadata_name_number", "name", "number"),
)

# What a document says of itself, and how far it is read.
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("pages_read", sa.Integer, nullable=False),
    sa.Column("chunk_count", sa.Integer, nullable=False),
    sa.Column("ocr_pages", sa.Integer, nullable=False),
    sa.Column("is_complete", sa.Boolean, nullable=False),
)

document_pages = sa.Table(
    "document_pages",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("chunks", sa.JSON, nullable=False),
    sa.Column("chunk_count", sa.Integer, nullable=False),
)

search_pages = sa.Table(
    "search_pages",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), nullable=False),
    sa.Column("page", sa.Integer, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Index("ix_search_pages_file", "file_id", "page"),
)

# For the search of similar images (see `documents`): small, since a search compares all of a tenant's.
vectors = sa.Table(
    "vectors",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    # By the tenant's changes of vectors of images, so that what is kept in memory learns what is new.
    sa.Column("sequence", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Index("ix_vectors_tenant_sequence", "tenant_id", "sequence"),
)

# Small grey copies, and the words of their hashes, by which copies of a picture are found.
fingerprints = sa.Table(
    "fingerprints",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    *(sa.Column(f"word_{place}", sa.Integer, nullable=False) for place in range(4)),
    *(sa.Index(f"ix_fingerprints_word_{place}", "tenant_id", f"word_{place}") for place in range(4)),
)

# For the search by meaning: which model a file's text was embedded by, None while it is to be; `change` counts its
# changes.
text_embeddings = sa.Table(
    "text_embeddings",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("model", sa.String(64)),
    sa.Column("change", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_text_embeddings_model_tenant", "model", "tenant_id"),
)

# One for each passage of a file's text, a signed byte a number.
text_vectors = sa.Table(
    "text_vectors",
    metadata,
    sa.Column("file_id", _ID, sa.ForeignKey("files.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Index("ix_text_vectors_tenant_sequence", "tenant_id", "sequence"),
)

# How often the vectors of a tenant changed, of each kind.
vector_changes = sa.Table(
    "vector_changes",
    metadata,
    sa.Column("tenant_id", _ID, sa.ForeignKey("tenants.id"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
