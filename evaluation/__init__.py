"""The evaluation set: pictures drawn from seeds together with their truth, and photographs with hand-written truth."""
