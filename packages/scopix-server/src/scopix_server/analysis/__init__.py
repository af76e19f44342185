"""From a recorded file to one that is understood: decode once, perceive, describe, save."""
