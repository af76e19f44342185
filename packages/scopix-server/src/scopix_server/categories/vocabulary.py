"""Words of building and of safety that several categories look for."""

import re

from scopix_server.domain.patterns import late
from scopix_server.reading.terms import phrases

__all__ = ["EQUIPMENT", "MATERIALS", "SAFETY", "STRUCTURE"]

EQUIPMENT = phrases(
    *("tower crane", "mobile crane", "crawler crane", "crane", "excavator", "mini excavator", "digger", "bulldozer"),
    *("dozer", "backhoe", "backhoe loader", "wheel loader", "front loader", "skid steer", "skid steer loader"),
    *("dump truck", "dumper", "dumper truck", "tipper", "road roller", "roller compactor", "vibratory roller"),
    *("compactor", "plate compactor", "motor grader", "asphalt paver", "paver", "forklift", "fork lift truck"),
    *("telehandler", "boom lift", "scissor lift", "aerial lift", "cherry picker", "scaffold", "scaffolding", "hoist"),
    *("concrete pump", "concrete mixer", "cement mixer", "mixer truck", "ready-mix truck", "generator"),
    *("air compressor", "pile driver", "piling rig", "drilling rig", "drill rig", "jackhammer", "trench box"),
    *("trencher", "welding machine", "winch", "light tower", "site cabin", "delivery truck", "lorry", "lorries"),
    *("turmdrehkran", "turmkran", "kran", "bagger", "radlader", "gerüst", "betonpumpe", "betonmischer"),
    *("grue à tour", "grue", "pelleteuse", "échafaudage", "bétonnière", "grúa torre", "grúa", "excavadora"),
    *("andamio", "hormigonera"),
)
MATERIALS = phrases(
    *(
        "reinforced concrete",
        "precast concrete",
        "ready-mix concrete",
        "concrete",
        "concrete block",
        "structural steel",
    ),
    *("galvanised steel", "galvanized steel", "stainless steel", "corten steel", "steel", "rebar", "reinforcing bar"),
    *("timber", "lumber", "plywood", "glulam", "cross-laminated timber", "brick", "exposed brick", "blockwork"),
    *("brickwork", "masonry", "mortar", "cement", "aggregate", "gravel", "crushed stone", "sand", "asphalt", "bitumen"),
    *("insulation", "mineral wool", "plasterboard", "drywall", "gypsum board", "plaster", "curtain wall", "glass"),
    *("glazing", "roofing felt", "waterproofing membrane", "membrane", "geotextile", "roof tile", "ceramic tile"),
    *("tile", "slate", "terracotta", "terrazzo", "grout", "screed", "epoxy", "aluminium", "aluminum", "copper"),
    *("zinc", "brass", "marble", "granite", "limestone", "sandstone", "travertine", "stone", "oak", "walnut", "ash"),
    *("pine", "larch", "cedar", "bamboo", "cork", "linoleum", "parquet", "hardwood", "veneer", "leather", "linen"),
    *("velvet", "wool", "travertin", "beton", "stahlbeton", "ziegel", "holz", "stahl", "béton", "béton armé", "acier"),
    *("brique", "bois", "hormigón", "hormigón armado", "acero", "ladrillo", "madera"),
)
STRUCTURE = phrases(
    *(
        "column",
        "steel column",
        "concrete column",
        "beam",
        "steel beam",
        "i-beam",
        "ground beam",
        "ring beam",
        "girder",
    ),
    *(
        "slab",
        "ground slab",
        "floor slab",
        "deck slab",
        "retaining wall",
        "shear wall",
        "load-bearing wall",
        "core wall",
    ),
    *("party wall", "truss", "roof truss", "foundation", "strip foundation", "footing", "pad footing", "pile cap"),
    *("bored pile", "sheet pile", "pile", "formwork", "falsework", "shuttering", "reinforcement", "rebar cage"),
    *("staircase", "stairwell", "lift shaft", "elevator shaft", "lintel", "joist", "rafter", "purlin", "parapet"),
    *(
        "abutment",
        "bridge deck",
        "bridge pier",
        "bracing",
        "cantilever",
        "expansion joint",
        "anchor bolt",
        "base plate",
    ),
    *("stütze", "träger", "bodenplatte", "stützmauer", "fundament", "schalung", "bewehrung"),
    *("poteau", "poutre", "dalle", "mur de soutènement", "fondation", "coffrage", "ferraillage"),
    *("pilar", "viga", "losa", "muro de contención", "cimentación", "encofrado"),
)
SAFETY = late(
    r"\b(?:danger|warning|caution|hazard|beware|achtung|vorsicht|gefahr|attention|peligro|precaución|pericolo)\b"
    r"|hard\s?hats?|\b(?:safety|protective|hi-?vis\w*|high[- ]visibility|steel[- ]toe\w*)\s?"
    r"(?:helmets?|boots?|footwear|shoes|glasses|goggles|gloves|harness\w*|vests?|jackets?|clothing|equipment|net\w*|"
    r"rails?|barriers?|first)\b"
    r"|\bp\.?p\.?e\b\.?|\b(?:ear|eye|hearing|head|foot|fall|respiratory|hand)\s?(?:protection|defenders)\b|\bhi-?vis\b"
    r"|\b(?:no (?:entry|admittance|smoking|access|trespassing|unauthori[sz]ed)|keep (?:out|clear|off)|"
    r"do not (?:enter|climb)|"
    r"authori[sz]ed (?:personnel|persons|access)|unauthori[sz]ed|report to (?:the )?(?:site )?office|"
    r"visitors must|site (?:rules|safety|speed limit)|speed limit|first[- ]aid|assembly point|muster point|"
    r"fire (?:exit|point|extinguisher|assembly)|emergency (?:exit|stop|contact|number)|high voltage|"
    r"deep excavation|overhead (?:crane|load|work|cables?|power ?lines?)\w*|open trench|asbestos|"
    r"scaffold(?:ing)? incomplete|"
    r"blasting|explosives|falling (?:objects|rocks?|debris)|men working|work(?:ers|men) above|confined space|"
    r"slippery|trip hazard|edge protection)\b"
    r"|betreten (?:der baustelle )?verboten|eltern haften|schutzhelm|sicherheitsschuhe|zutritt|unbefugte|warnweste"
    r"|port du casque|chantier interdit|interdit au public|chaussures de sécurité"
    r"|uso obligatorio|prohibido el paso|casco (?:de seguridad|obligatorio)",
    re.IGNORECASE,
)
"""Words that make a line one of safety: signs, protective equipment, hazards."""
