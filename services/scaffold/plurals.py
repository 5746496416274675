"""The rules by which English nouns change between singular and plural. Lowercase ASCII words only."""

import re
from functools import lru_cache

_IRREGULAR = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "goose": "geese",
    "ox": "oxen",
    "leaf": "leaves",
    "loaf": "loaves",
    "life": "lives",
    "wife": "wives",
    "knife": "knives",
    "shelf": "shelves",
    "wolf": "wolves",
    "half": "halves",
    "calf": "calves",
    "thief": "thieves",
    "quiz": "quizzes",
    "criterion": "criteria",
    "phenomenon": "phenomena",
    "medium": "media",
    "datum": "data",
    "index": "indexes",
    "matrix": "matrices",
    "vertex": "vertices",
    "alumnus": "alumni",
    "cactus": "cacti",
    "fungus": "fungi",
    "stimulus": "stimuli",
    "movie": "movies",
    "cookie": "cookies",
    "selfie": "selfies",
    "calorie": "calories",
    "zombie": "zombies",
    "genie": "genies",
    "pie": "pies",
    "tie": "ties",
    "cache": "caches",
    "headache": "headaches",
    "niche": "niches",
    "axe": "axes",
    "do": "dos",
    "shoe": "shoes",
    "toe": "toes",
    "canoe": "canoes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "hero": "heroes",
    "echo": "echoes",
    "menu": "menus",
    "guru": "gurus",
    "house": "houses",
    "cause": "causes",
    "gas": "gases",
    "bus": "buses",
    "lens": "lenses",
    "alias": "aliases",
    "atlas": "atlases",
    "canvas": "canvases",
    "bias": "biases",
    "iris": "irises",
    "taxon": "taxa",
    "curriculum": "curricula",
    "bacterium": "bacteria",
    "spectrum": "spectra",
    "larva": "larvae",
    "alga": "algae",
    "axis": "axes",
}
_IRREGULAR_PLURALS = {plural: singular for singular, plural in _IRREGULAR.items()}
_SAME = re.compile(
    "series|species|sheep|fish|deer|aircraft|news|equipment|information|software|hardware|feedback|staff|merchandise|"
    "furniture|luggage|music|weather|traffic|livestock|cattle|metadata|chaos|kudos|cosmos|ethos|christmas|pyjamas|sales|"
    "graphics|physics|mathematics|economics|athletics|tennis"
)
_LAST_WORD = re.compile(r"([a-z]+)$")


@lru_cache(maxsize=8192)
def plural(word: str) -> str:
    """Return the plural of a noun in the singular. Of snake_case, the last word changes."""
    return _LAST_WORD.sub(lambda match: _plural(match[1]), word)


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Return the singular of a noun in either number. Of snake_case, the last word changes."""
    return _LAST_WORD.sub(lambda match: _singular(match[1]), word)


def is_plural(word: str) -> bool:
    return singular(word) != word


def _plural(word: str) -> str:
    if _SAME.fullmatch(word):
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    if re.search(r"[a-z]sis$", word):
        return f"{word[:-2]}es"
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    return f"{word}s"


_SINGULAR_RULES = (
    (r"(ss|us|is)$", r"\1"),
    (r"([^aeiou])ies$", r"\1y"),
    (r"(analy|cri|hypothe|synthe|the|diagno|paraly|empha|oa|prothe|progno)ses$", r"\1sis"),
    (r"(ss|x|zz|tz|ch|sh|(?:stat|vir|camp|bon|foc|cens|corp|chor|circ|surpl|octop|minib)us)es$", r"\1"),
    (r"s$", ""),
)


def _singular(word: str) -> str:
    if _SAME.fullmatch(word) or word in _IRREGULAR:
        return word
    if word in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[word]
    if len(word) < 4:  # noqa: PLR2004 - "gas", "bus", "api": too short to tell
        return (
            word[:-1] if word in {"pcs", "ids", "ads", "ups", "ins", "djs", "tvs", "cds", "cvs", "vms", "lps"} else word
        )
    for pattern, replacement in _SINGULAR_RULES:
        if re.search(pattern, word):
            return re.sub(pattern, replacement, word)
    return word
