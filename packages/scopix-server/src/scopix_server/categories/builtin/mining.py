"""Mining operations and geological surveys."""

import re

from scopix_server.categories.category import Category, Extraction, instructions
from scopix_server.categories.findings import Findings
from scopix_server.categories.schema import schema_of, text, texts
from scopix_server.categories.vocabulary import EQUIPMENT, SAFETY
from scopix_server.domain.description import Perception
from scopix_server.reading.layout import read_layout
from scopix_server.reading.terms import phrases, terms_in

__all__ = ["CATEGORY"]

_PROMPT = """
The image shows a mining operation or belongs to a geological survey (open pit, underground working, drill core,
outcrop, section, map, log). Say what it shows, the geology that can be seen or is written, the work that is going on,
and what matters for safety.
- site: the mine, pit, hole or project as written.
- equipment: machines that are seen or written (such as "haul truck", "drill rig", "conveyor").
- minerals: rocks, minerals and grades that are written. Name a mineral by its look only as "possibly ...".
- geological_features: layers, faults, veins, folds and the like that are seen or written.
- measurements: depths, grades, coordinates, angles and samples, as written with their units.
- safety: signs, barriers, protective equipment and hazards that are seen or written.
"""

_SCHEMA = schema_of(
    {
        "site": text("The mine, pit, hole or project as written."),
        "equipment": texts("Machines that are seen or written.", max_length=80),
        "minerals": texts("Rocks, minerals and grades.", max_length=80),
        "geological_features": texts("Layers, faults, veins and the like.", max_length=100),
        "measurements": texts("Depths, grades, coordinates and samples, as written.", max_length=80),
        "safety": texts("Signs, barriers, protective equipment, hazards."),
    }
)

_MACHINES = phrases(
    *(
        "haul truck",
        "dump truck",
        "drill rig",
        "blast hole drill",
        "conveyor",
        "conveyor belt",
        "crusher",
        "jaw crusher",
    ),
    *("continuous miner", "longwall", "shearer", "load-haul-dump", "lhd", "scooptram", "dragline", "rope shovel"),
    *("ball mill", "sag mill", "flotation cell", "thickener", "stacker", "reclaimer", "jumbo drill", "roof bolter"),
    *("ventilation fan", "headframe", "skip", "screening plant"),
)
_MINERALS = phrases(
    *("gold", "silver", "copper", "iron ore", "nickel", "zinc", "lead", "lithium", "cobalt", "tin", "tungsten", "coal"),
    *("uranium", "platinum", "palladium", "bauxite", "phosphate", "potash", "diamond", "quartz", "quartzite", "pyrite"),
    *("chalcopyrite", "galena", "sphalerite", "hematite", "magnetite", "malachite", "bornite", "molybdenite"),
    *("spodumene", "pegmatite", "granite", "granodiorite", "diorite", "gabbro", "basalt", "andesite", "rhyolite"),
    *("limestone", "dolomite", "sandstone", "siltstone", "mudstone", "claystone", "shale", "conglomerate", "slate"),
    *("schist", "gneiss", "marble", "serpentinite", "kimberlite", "tuff", "breccia", "gypsum", "halite", "laterite"),
    *("feldspar", "mica", "calcite", "clay", "gravel"),
)
_FEATURES = phrases(
    *(
        "fault",
        "fault zone",
        "thrust fault",
        "fold",
        "anticline",
        "syncline",
        "vein",
        "quartz vein",
        "seam",
        "coal seam",
    ),
    *("dyke", "dike", "sill", "shear zone", "unconformity", "contact", "bedding", "bedding plane", "joint set"),
    *("fracture zone", "overburden", "ore body", "orebody", "alteration zone", "alteration halo", "outcrop", "gossan"),
    *("stockwork", "lode", "weathered zone", "oxidation zone", "water table"),
)
_SITE = re.compile(
    r"(?:[A-Z][\w'’-]*\s){1,4}(?:Mine|Quarry|Pit|Colliery|Project|Deposit|Prospect|Open Pit|Claim|Tenement|"
    r"MINE|QUARRY|PIT|COLLIERY|PROJECT|DEPOSIT|PROSPECT)(?!\w)"
)
_LABELLED_SITE = re.compile(
    r"(?:site|mine|project|property|prospect|location|pit|quarry)(?: name)?\s?:\s*(\S.{1,100})", re.IGNORECASE
)
_ELEMENT = r"(?:Au|Ag|Cu|Fe|Ni|Zn|Pb|Li|Co|Sn|W|U|Pt|Pd|Mo|Li2O|U3O8|TiO2|CuEq|AuEq)"
_MEASURE = re.compile(
    rf"(?<![\w.,-])-?\d{{1,6}}(?:[.,]\d{{1,3}})?\s?(?:g/t|ppm|ppb|oz/t|%|kg/t)(?:\s?{_ELEMENT}(?![\w]))?"
    rf"|\b{_ELEMENT}\s?[:=]?\s?\d{{1,6}}(?:[.,]\d{{1,3}})?\s?(?:g/t|ppm|ppb|oz/t|%)"
    r"|(?<![\w.,-])-?\d{1,5}(?:[.,]\d{1,3})?\s?(?:m|km|ft|mm|cm|t|kt|Mt|m[³3])(?![\w/])"
    r"|(?<![\w.,])\d{1,3}(?:[.,]\d{1,2})?\s?°(?!\s?[CF])(?:\s?\d{1,2}\s?['′])?\s?[NSEW]{0,2}"
    r"|\b(?:RL|EL|UTM|Easting|Northing|Azimuth|Dip)\s?[:=]?\s?[-+]?\d{1,7}(?:[.,]\d{1,3})?\b"
)


def extract(perception: Perception) -> Extraction:
    """Find the site by its name, machines, rocks and structures by their words, measures by their units."""
    found = Findings(_SCHEMA)
    layout = read_layout(perception)
    for line in layout.lines:
        labelled, named = _LABELLED_SITE.fullmatch(line.text), _SITE.search(line.text)
        if labelled is not None:
            found.put("site", labelled[1], regions=[line.index])
        elif named is not None:
            found.put("site", named[0], regions=[line.index])
        for match in _MEASURE.finditer(line.text):
            found.add("measurements", match[0].strip(), regions=[line.index])
        if SAFETY.search(line.text):
            found.add("safety", line.text, regions=[line.index])
    for pattern in (_MACHINES, EQUIPMENT):
        for term, line in terms_in(layout, pattern):
            found.add("equipment", term, regions=[line.index])
    for term, line in terms_in(layout, _FEATURES):
        found.add("geological_features", term, regions=[line.index])
    for term, line in terms_in(layout, _MINERALS, _FEATURES, _SITE):
        found.add("minerals", term, regions=[line.index])
    found.say("site", "The site is named {}.")
    found.say("minerals", "Rocks and minerals named on it: {}.")
    found.say("geological_features", "Geological features named on it: {}.")
    found.say("measurements", "Measurements written on it: {}.", shown=str, max_items=16)
    found.say("equipment", "Equipment named on it: {}.")
    found.say("safety", "Safety notices on it read {}.")
    found.tag("minerals", "geological_features", "equipment")
    return found.extraction()


CATEGORY = Category(
    name="mining", title="Mining and geology", prompt=instructions(_PROMPT), schema=_SCHEMA, extract=extract
)
