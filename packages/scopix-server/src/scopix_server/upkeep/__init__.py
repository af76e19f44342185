"""Looking after what is kept: sweeping, exporting, erasing, and whether the records are all there."""
