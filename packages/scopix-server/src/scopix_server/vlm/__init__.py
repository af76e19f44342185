"""Vision-language engines: what they are asked, what they answer, which there are, and models to download."""
