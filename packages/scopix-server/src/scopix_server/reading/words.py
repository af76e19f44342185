"""Words by which pictures are recognised, in English and the large languages of Western Europe."""

import re

from scopix_server.domain.patterns import late

__all__ = [
    "CODE",
    "CONTROL",
    "LEGEND",
    "LOG",
    "MAP_DATA",
    "MAP_TITLE",
    "PAPER",
    "PLAN_TITLE",
    "ROOM",
    "STRONG_CONTROL",
    "TITLE_BLOCK",
    "noun_of",
]

ROOM = late(
    r"(?:master |guest |main |primary |family |utility |store |walk-in |en[- ]?suite |open |covered |front |rear "
    r"|double |single )?"
    r"(?:bed ?room|bath(?: ?room)?|living(?: room| area)?|dining(?: room| area)?|kitchen(?:ette|/diner)?|hall(?:way)?|"
    r"lounge|study|office|garage|pantry|laundry(?: room)?|utility|balcony|terrace|porch|patio|entrance|entry|lobby|"
    r"foyer|corridor|closet|wardrobe|toilet|wc|w\.c\.|shower(?: room)?|en[- ]?suite|nursery|library|storage|"
    r"store(?: room)?|cellar|attic|landing|stairs?|staircase|deck|conservatory|meeting(?: room)?|"
    r"conference(?: room)?|reception|workshop|plant room|print(?:er)? room|lab(?:oratory)?|archive|server room|"
    r"break room|canteen|cloakroom|playroom|den|gym|sauna|mud ?room|"
    r"wohnzimmer|schlafzimmer|kinderzimmer|arbeitszimmer|esszimmer|gästezimmer|zimmer|küche|bad(?:ezimmer)?|diele|flur|"
    r"abstellraum|keller|balkon|terrasse|büro|hauswirtschaftsraum|eingang|treppenhaus|speisekammer|"
    r"séjour|salon|cuisine|chambre|salle de bains?|salle d'eau|entrée|couloir|bureau|cellier|buanderie|dégagement|"
    r"dormitorio|habitación|cocina|baño|salón|comedor|pasillo|terraza|aseo|lavadero|"
    r"soggiorno|cucina|bagno|camera|ingresso|corridoio|ripostiglio|"
    r"woonkamer|slaapkamer|keuken|badkamer|hal|berging|zolder|overloop)"
    r"(?:\s?(?:\d{1,3}[a-z]?|[a-z]|[ivx]{1,4}|\(.{1,20}\)))?",
    re.IGNORECASE,
)
LEGEND = late(
    r"(?:map )?(?:legend|key|legende|légende|leyenda|legenda|zeichenerklärung)(?: of .{1,30})?:?", re.IGNORECASE
)
PLAN_TITLE = late(
    r"\b(?:floor|ground|storey|story|level \w{1,3}|site|roof)\b.{0,20}\b(?:plan|layout)\b|\bfloor ?plan\b|"
    r"\b(?:grundriss|lageplan|bauplan|plattegrond|planta (?:baja|primera)|pianta|plan (?:du|de l'|de la) )",
    re.IGNORECASE,
)
MAP_TITLE = late(
    r"\b(?:map|routes?|trails?|street plan|city plan|transit|\w*karte|stadtplan|carte|plan de ville|mapa|\w*kaart|"
    r"mappa)\b",
    re.IGNORECASE,
)
MAP_DATA = late(
    r"openstreetmap|mapbox|google maps|osmdata|osdatahub|ordnance survey|natural ?earth|spdata\w{0,10}|worldclim|"
    r"kartendaten|map data|geobasis\w{0,10}|swisstopo|geoportal|\b30day\w{0,6}map\w{0,12}|spatialdata",
    re.IGNORECASE,
)
LOG = late(r"\[?\d{4}-\d\d-\d\d[T ]?\d\d:\d\d|\[(?:info|warn|warning|error|debug)\]|\[\d\d:\d\d:\d\d\]", re.IGNORECASE)
PAPER = late(
    r"\b(?:invoice|receipt|total|subtotal|vat|tax|amount due|balance due|quotation|purchase order|delivery note|"
    r"rechnung\w*|summe|mwst|gesamt\w*|netto\w*|facture|tva|factura|iva|fattura|factuur|btw)\b",
    re.IGNORECASE,
)
CONTROL = late(
    r"(?:settings|dashboard|home|menu|save(?: .{1,20})?|cancel|ok|apply|submit|delete|edit|add [^&+]{1,20}|new .{1,20}|"
    r"export .{1,20}|import .{1,20}|upload|download|next ?(?:page)?|previous|back|close|help|profile|notifications?|"
    r"inbox|compose|starred|drafts|spam|trash|archive|posteingang|entwürfe|papierkorb|backlog|to ?do|in progress|"
    r"file|view|tools|window|reports?|users?|account|overview|refresh|filter.{0,20}|share|search|"
    r"search .{1,30}|rows per page.{0,10}|page \d+ of \d+|einstellungen|speichern|abbrechen|suchen?|start|"
    r"hilfe|konto|paramètres|enregistrer|annuler|rechercher|inicio|ajustes|guardar|cancelar|buscar|instellingen|"
    r"opslaan|annuleren|zoeken|actions|explorer|monitoring|billing|integrations|permissions|deployments|preferences|"
    r"continue|skip|finish|done|weiter|zurück|schließen|fertig|löschen|bearbeiten|"
    r"hochladen|herunterladen|teilen|suivant|précédent|fermer|terminer|supprimer|siguiente|atrás|cerrar|aceptar|"
    r"volgende|vorige|sluiten|avanti|indietro|annulla|chiudi|salva|cerca|impostazioni)",
    re.IGNORECASE,
)
STRONG_CONTROL = late(
    r"(?:search (?:.{1,30}(?:…|\.\.\.?)|(?:for|in|by) .{1,30})|(?:type|write|enter) (?:a|your) message.{0,3}|"
    r"(?:show|reset|change) (?:your )?(?:database )?password|"
    r"copy (?:snippet|code|link|to clipboard)|"
    r"sign (?:in|up|out)(?: with .{1,20})?|log ?(?:in|out)|"
    r"forgot(?: your)? password\??|remember me|create an account|add to (?:cart|basket|bag)|"
    r"(?:showing )?\d+\s?[-–]\s?\d+ (?:of|von|van|de|sur) \d+.{0,12}|\d+ of \d+ .{0,12}shown.{0,20}|"
    r"anmelden|abmelden|passwort vergessen\??|in den warenkorb|se connecter|mot de passe oublié ?\??|"
    r"iniciar sesión|inloggen|uitloggen)",
    re.IGNORECASE,
)
CODE = late(
    r"(?:[$#] ?|>>> |[A-Z]:\\\S*>)[a-z][\w.-]{1,30}(?: .{0,80})?|"
    r"(?:def|class|func|fn|function) \w{1,40}\s?[({:].{0,80}|"
    r"(?:from \S{1,60} )?import [\w.{}, *]{1,60}|return [\w.(\"']{1,40};?|@\w{1,40}|"
    r"(?:public|private|static|const|let|var) \w{1,40}[ (=:].{0,80}|"
    r"Traceback .{0,60}|#include.{0,40}|.{0,60}\)\s?[;{]|[}\])]{1,3};?"
)
TITLE_BLOCK = late(
    r"(?:sheet|drawing|dwg|scale|rev(?:ision)?|drawn(?: by)?|checked(?: by)?|approved(?: by)?|project|client|job|"
    r"maßstab|massstab|plan(?:inhalt|nummer|nr)|gezeichnet|geprüft|bauherr|échelle|dessiné(?: par)?|"
    r"zeichnungs?(?:nummer|-?nr)|werkstoff|oberfläche\w{0,20}|toleranz\w{0,3}|benennung|"
    r"bemaßung\w{0,20}|bemassung\w{0,20}|freigegeben|gewicht|material|finish|tolerances?|surface finish|"
    r"(?:first|third) angle projection|do not scale drawing|(?:created|designed) by|unless otherwise specified)\.?"
    r"(?:\s?(?:no|nr|number|title|size))?\.?:?(?: .{1,30})?",
    re.IGNORECASE,
)

_NOUNS = (
    ("invoice", r"(?:tax )?invoice\b|rechnung\b|facture\b|factura\b|fattura\b|factuur\b"),
    ("receipt", r"receipt\b|quittung\b|kassenbon\b|reçu\b|ticket de caisse\b|recibo\b|scontrino\b"),
    ("quotation", r"quotation\b|quote no\b|angebot\b|devis\b"),
    ("purchase order", r"purchase order\b|bestellung\b|bon de commande\b"),
    ("delivery note", r"delivery note\b|lieferschein\b|bon de livraison\b"),
    ("certificate", r"certificate\b|urkunde\b|zertifikat\b|certificat\b"),
    ("menu", r"(?:\w{1,12} )?menu\b|speisekarte\b|tageskarte\b|getränkekarte\b"),
    ("timetable", r"(?:\w{1,12} )?timetable\b|fahrplan\b|stundenplan\b"),
    ("statement", r"(?:bank |account )?statement(?: of account)?\b|kontoauszug\b|relevé de compte\b"),
    ("contract", r"(?:[a-z]{2,14} ){0,2}(?:agreement|contract)\b|\w{0,12}vertrag\b|contrat\b|contrato\b"),
    ("memo", r"memo(?:randum)?\b|interoffice memo"),
    ("minutes", r"(?:meeting )?minutes(?: of\b|$)|minutes:|protokoll\b"),
    ("payslip", r"pay ?slip\b|pay ?stub\b|gehaltsabrechnung\b|lohnabrechnung\b|bulletin de paie\b"),
    ("letter", r"dear (?:mrs?|ms|sir|madam|dr|all|team)\b|sehr geehrte[rs]?\b|madame, monsieur\b|liebe[rs]? "),
)
_NOUN_PATTERNS = tuple((noun, late(pattern, re.IGNORECASE)) for noun, pattern in _NOUNS)
_MAX_WORDS = 4


def noun_of(text: str) -> str | None:
    """Return what a page is called that bears this line, such as "invoice" for "RECHNUNG Nr. 7", or None."""
    if len(text.split()) > _MAX_WORDS:
        return None
    return next((noun for noun, pattern in _NOUN_PATTERNS if pattern.match(text)), None)
