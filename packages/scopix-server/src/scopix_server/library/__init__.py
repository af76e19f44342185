"""What happens to files that are there: edited, described again, found by their looks, kept in one's own bucket."""
