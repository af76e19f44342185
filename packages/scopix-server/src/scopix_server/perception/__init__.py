"""What is seen on an image without a language model: text, labels, faces, colours, light, sharpness."""
