"""Names of countries, continents and seas: what a map is titled with."""

import re

__all__ = ["PLACE"]

PLACE = re.compile(
    r"\b(?:world|globe|earth|europe|asia|africa|(?:north |south |latin )?america|oceania|antarctica|arctic|"
    r"(?:atlantic|pacific|indian) ocean|mediterranean|baltic|north sea|uk|usa?|u\.s\.|united (?:kingdom|states)|"
    r"(?:great )?britain|british isles|england|scotland|wales|(?:northern )?ireland|france|germany|spain|portugal|"
    r"italy|switzerland|austria|netherlands|belgium|luxembourg|denmark|norway|sweden|finland|iceland|poland|czechia|"
    r"czech republic|slovakia|hungary|romania|bulgaria|greece|turkey|türkiye|ukraine|russia|belarus|estonia|"
    r"latvia|lithuania|croatia|serbia|slovenia|bosnia|albania|canada|mexico|brazil|argentina|chile|peru|colombia|venezuela|"
    r"bolivia|ecuador|uruguay|paraguay|cuba|china|japan|india|pakistan|bangladesh|nepal|sri lanka|indonesia|malaysia|"
    r"singapore|thailand|vietnam|philippines|(?:south |north )?korea|mongolia|kazakhstan|iran|iraq|israel|saudi arabia|"
    r"egypt|libya|morocco|algeria|tunisia|nigeria|ghana|kenya|ethiopia|tanzania|uganda|south africa|australia|"
    r"new zealand|welt|europa|deutschland|österreich|schweiz|frankreich|england|monde|allemagne|royaume-uni|espagne|"
    r"mundo|españa|alemania|francia|italia|mondo|wereld|nederland)\b",
    re.IGNORECASE,
)
