"""One module per drawn example picture; each has `draw()`, which returns the finished image."""
