"""How the names of places are read aloud, for finding them by their letters (拼音)."""

from functools import lru_cache

# Where the dictionary errs, or reads a name as it is read elsewhere. A second reading stands after a slash
# where both are heard, so that either finds the place.
_READINGS = {
    "佛": "fo",  # 佛冈; the dictionary has the fu of 仿佛
    "长": "chang",  # a place is long, 长埔 or 长岭; nothing grows (zhang)
    "朝": "chao",  # it faces something, 朝阳 or 朝天; zhao is the morning
    "圩": "xu",  # in Guangdong a market, 新圩; wei is a dike elsewhere
    "陂": "bei",  # a weir, also in 黄陂, which the dictionary takes for the district of Wuhan
    "咀": "zui",  # written for 嘴, a spit of land, as in 鱼咀; ju is to chew
    "涌": "chong",  # in Guangdong a creek; yong is to gush
    "埔": "pu/bu",  # 黄埔 and 大埔
    "潦": "liao/lao",
}


@lru_cache(maxsize=4096)
def syllables(name: str) -> tuple[str, ...]:
    """The reading of each character, in small letters without tones; "pu/bu" where there are two."""
    # Its dictionary is large, and only a process that shows a form of places needs it.
    from pypinyin import lazy_pinyin

    read = lazy_pinyin(name)
    if len(read) != len(name):
        # What is no Chinese stands together as one; character by character it does not.
        read = [lazy_pinyin(char)[0] for char in name]
    return tuple(_READINGS.get(char, sound.lower()) for char, sound in zip(name, read, strict=True))
