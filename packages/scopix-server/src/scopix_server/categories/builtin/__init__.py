"""The categories that come with Scopix, one file each: prompt, schema of the fields, extractor."""
