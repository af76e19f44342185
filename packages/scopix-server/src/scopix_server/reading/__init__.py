"""What stands where on a page: lines, rows, tables, fields, rooms, legends. Geometry and words, no pixels."""
