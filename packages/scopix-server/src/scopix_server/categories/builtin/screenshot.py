"""Screenshots and captures of user interfaces."""

import re
from statistics import median

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import records, schema_of, text, texts
from scopix_server.domain.description import Perception
from scopix_server.domain.phrases import quote
from scopix_server.reading.layout import Layout, Line, read_layout
from scopix_server.reading.lines import letters, mostly_letters
from scopix_server.reading.screens import Screen, is_code, read_screen, shows_code
from scopix_server.reading.words import CONTROL

__all__ = ["CATEGORY"]

_PROMPT = """
The image is a screenshot of an application or a web page. Say which application and which of its pages it is, what the
page is for, what it shows at the moment (states, numbers, selections, errors), and what can be done on it.
- application: the name as it stands in a title bar, a logo or a header; never guessed from the look.
- headings: the headings of the page and its parts.
- navigation: the entries of menus, side bars and tabs.
- actions: the texts of buttons and links that do something.
- fields: inputs and labelled values with what stands in them; value null when empty. Passwords stay as they are shown.
- messages: errors, warnings, notices and empty states, as written.
"""

_SCHEMA = schema_of(
    {
        "application": text("The application's name as written.", max_length=100),
        "headings": texts("Headings of the page and its parts.", max_items=20),
        "navigation": texts("Entries of menus, side bars and tabs.", max_length=80),
        "actions": texts("Texts of buttons and links.", max_length=80),
        "fields": records(
            "Inputs and labelled values.",
            {"label": text("The label."), "value": text("What stands in it.")},
        ),
        "messages": texts("Errors, warnings, notices.", max_items=10, max_length=300),
    }
)

_WINDOW = re.compile(
    r".{1,120}\s[-–—|]\s(?P<name>(?:Google |Microsoft |Mozilla |Adobe |Apache )?(?:Chrome|Chromium|Firefox|Edge|Safari|"
    r"Word|Excel|PowerPoint|Outlook|OneNote|Teams|Visual Studio Code|Visual Studio|Notepad\+{0,2}|Paint|Photoshop|"
    r"Illustrator|Acrobat Reader|Acrobat|Thunderbird|LibreOffice (?:Writer|Calc|Impress)|GIMP|Inkscape|Slack|Discord|"
    r"Zoom|Spotify|Blender|AutoCAD|IntelliJ IDEA|PyCharm|Eclipse|Android Studio|Xcode|Sublime Text|Vim|Emacs|Konsole|"
    r"Terminal|PuTTY|Wireshark|VLC media player|Jupyter Notebook|JupyterLab|Grafana|Jira|Confluence|GitHub|GitLab|"
    r"YouTube|Wikipedia|Gmail|Google Docs|Google Sheets|Google Maps|Figma|Notion|Trello))",
    re.IGNORECASE,
)
"""A window's title: what is open, a dash, and the program."""
_MESSAGE = re.compile(
    r"\b(?:error|failed|failure|warning|could ?n[o']t|cannot|can't|invalid|incorrect|not found|"
    r"no (?:results?|entries|data)|"
    r"required|successful(?:ly)?|has been|have been|was (?:saved|sent|deleted|created)|unsaved|expired|denied|offline|"
    r"fehler|ungültig|fehlgeschlagen|erfolgreich|erreur|échec|introuvable|obligatoire)\b",
    re.IGNORECASE,
)
_TOP, _LEFT = 0.1, 0.35  # of the height and the width: where a product's name stands
_BRAND = 1.12  # of the median line's type
_HEADING = 1.2
_MAX_WORDS = 8
_WORDS_OF_A_MESSAGE = 3
_PATH = re.compile(r"(?:^|\s)[/›>»]\s")
"""Where one is in an application, as in "Home / Logs": no name of it."""
_LETTERS_OF_A_HEADING = 4


def extract(perception: Perception) -> Extraction:
    """Find the application's name, headings, navigation, actions, labelled values and messages by type and place."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    screen = read_screen(layout)
    brand = _application(layout, screen)
    if brand is not None:
        found.put("application", brand[0], regions=[brand[1].index])
    named = brand[1] if brand else None
    for line in _headings(layout, screen, named):
        found.add("headings", line.text, regions=[line.index])
    for line in screen.navigation:
        if line is not named:
            found.add("navigation", line.text, regions=[line.index])
    for line in screen.actions:
        found.add("actions", line.text, regions=[line.index])
    messages = [line for line in screen.others if _is_message(line.text)]
    for line in messages:
        found.add("messages", line.text, regions=[line.index])
    inside = screen.table.indices if screen.table else frozenset()
    aside = inside | {line.index for line in (*screen.navigation, *screen.actions, *messages)}
    for pair in layout.fields() if not shows_code(layout) else ():
        if not aside & set(pair.indices):
            found.add("fields", {"label": pair.label.rstrip(" :"), "value": pair.value}, regions=pair.indices)
    found.say("application", "The application is named {}.")
    found.say("headings", "Headings on it: {}.")
    found.say("navigation", "Its navigation lists {}.", max_length=40)
    found.say("actions", "It offers the actions {}.", max_length=40)
    found.say("fields", "Labelled values on it: {}.", shown=_shown)
    found.say("messages", "Messages on it: {}.", max_length=120)
    found.tag("application")
    return found.extraction()


def _is_message(text: str) -> bool:
    """Whether it tells how something went: a sentence, not the name of an error, and no line of a program."""
    return len(text.split()) >= _WORDS_OF_A_MESSAGE and _MESSAGE.search(text) is not None and not is_code(text)


def _application(layout: Layout, screen: Screen) -> tuple[str, Line] | None:
    """Return the name and its line: from a window's title, or the larger line in the top left corner."""
    for line in layout.lines:
        if line.middle < _TOP and (window := _WINDOW.fullmatch(line.text)) is not None:
            return window["name"], line
    upright = [line for line in layout.lines if not line.vertical]
    corner = [line for line in upright if line.middle < _TOP and line.left < _LEFT * layout.width]
    first = min(corner, key=lambda line: (line.left, line.top), default=None)
    if first is None or first is screen.heading or CONTROL.fullmatch(first.text) or letters(first.text) < 3:
        return None
    if _PATH.search(first.text):
        return None
    large = first.size >= _BRAND * median(line.size for line in upright)
    return (first.text, first) if large and len(first.text.split()) <= 4 and not first.text.endswith(":") else None


def _headings(layout: Layout, screen: Screen, named: Line | None) -> list[Line]:
    """Return the page's heading and the lines of larger type that stand for themselves."""
    if screen.heading is None:
        return []
    usual = median(line.size for line in layout.lines)
    aside = {line.index for line in (*screen.navigation, *screen.actions)}
    aside |= screen.table.indices if screen.table else frozenset()
    # What shares its row with others is a value, a tab or a button.
    alone = {row[0].index for row in layout.without(screen.navigation).rows if len(row) == 1} - aside
    return [
        line
        for line in layout.lines
        if line is screen.heading
        or (
            line.size >= _HEADING * usual
            and line.index in alone
            and line is not named
            and letters(line.text) >= _LETTERS_OF_A_HEADING
            and mostly_letters(line.text)
            and not _PATH.search(line.text)
            and not line.text[0].islower()
            and CONTROL.fullmatch(line.text) is None
            and len(line.text.split()) <= _MAX_WORDS
        )
    ]


def _shown(field: dict[str, str]) -> str:
    return f"{quote(field['label'], 60)} – {quote(field['value'], 80)}"


CATEGORY = Category(
    name="screenshot", title="Screenshot", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
