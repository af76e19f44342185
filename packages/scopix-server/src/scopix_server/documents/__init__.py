"""What is in a document: PDF by pdfium, DOCX by its own structure, plain text; in the child processes only."""
