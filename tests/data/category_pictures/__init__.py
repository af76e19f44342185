"""Pictures drawn at random from a seed for each content category, each with what is to be found on it.

Fonts come from pip packages (see requirements-test.txt), so they can be drawn on any machine. Fonts, layout, size,
wording, skew and noise vary with the seed; the same seed always gives the same picture. Nothing on them is real.

    python -m tests.data.category_pictures FOLDER [SEEDS]
"""
