"""What image files say of themselves, read by hand from bytes as they stream by; nothing is decoded or unpacked."""
