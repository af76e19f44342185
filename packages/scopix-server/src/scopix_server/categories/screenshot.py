"""Screenshots and captures of user interfaces."""

from scopix_server.categories.category import Category, instructions
from scopix_server.categories.schema import records, schema_of, text, texts

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

CATEGORY = Category(
    name="screenshot",
    title="Screenshot",
    prompt=instructions(_PROMPT),
    schema=schema_of(
        {
            "application": text("The application's name as written.", longest=100),
            "headings": texts("Headings of the page and its parts.", most=20),
            "navigation": texts("Entries of menus, side bars and tabs.", longest=80),
            "actions": texts("Texts of buttons and links.", longest=80),
            "fields": records(
                "Inputs and labelled values.",
                {"label": text("The label."), "value": text("What stands in it.")},
            ),
            "messages": texts("Errors, warnings, notices.", most=10, longest=300),
        }
    ),
)
