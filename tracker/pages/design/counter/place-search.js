// Ranks communities by what somebody types, as tracker/places/finding.py does: the two must agree.

const ENDINGS = ["社区居委会", "居委会", "村委会"];
const ABOVE = ["街道", "瑶族乡", "镇", "乡", "壮族瑶族自治县", "瑶族自治县", "县", "区", "市"];
const MOST_WORDS = 6;
const LONGEST = 60;
const [WHOLE, BEGINS, WITHIN, TOWN, IN_TOWN, COUNTY, ACROSS] = [0, 1, 2, 3, 4, 5, 6];

/** The list as the service sends it, made ready to be searched. */
export function index({ counties, towns, places }) {
  const countyNames = counties.map(([text, sounds]) => above(text, sounds));
  const townNames = towns.map(([text, sounds, county]) => ({ ...above(text, sounds), county: countyNames[county] }));
  return places.map(([code, text, sounds, town]) => {
    const spoken = sounds.split(" ");
    const under = townNames[town];
    const over = under.county;
    return {
      code,
      text,
      stem: without(text, ENDINGS, 0),
      sounds: spoken,
      town: under,
      county: over,
      label: `${over.text} ${under.text} ${text}`,
      full: { text: over.text + under.text + text, sounds: [...over.sounds, ...under.sounds, ...spoken] },
      brief: { text: over.short + under.short + text, sounds: [...over.shortSounds, ...under.shortSounds, ...spoken] },
    };
  });
}

/** The places that fit every word that was typed, the best first, then by code. */
export function find(places, typed) {
  const words = wordsOf(typed);
  if (!words.length) return [];
  const found = [];
  for (const place of places) {
    let rank = 0;
    for (const word of words) {
      const one = foundIn(word, place);
      if (one === null) {
        rank = null;
        break;
      }
      rank += one;
    }
    if (rank !== null) found.push([rank, place]);
  }
  found.sort((one, other) => one[0] - other[0] || (one[1].code < other[1].code ? -1 : 1));
  return found.map(([, place]) => place);
}

function wordsOf(typed) {
  const plain = [...typed].slice(0, LONGEST).join("").normalize("NFKC").toLowerCase();
  return plain.split(/[\s,，、.。·・/\\-]+/u).filter(Boolean).slice(0, MOST_WORDS);
}

function foundIn(word, place) {
  if (/^[0-9]+$/.test(word)) {
    if (place.code.startsWith(word)) return place.code === word ? WHOLE : BEGINS;
    return place.code.includes(word) ? WITHIN : null;
  }
  if (/^[\x00-\x7f]+$/.test(word)) {
    if (spells(word, place.sounds, 0)) return BEGINS;
    if (spellsWithin(word, place.sounds)) return WITHIN;
    if (spells(word, place.town.sounds, 0)) return TOWN;
    if (spellsWithin(word, place.town.sounds)) return IN_TOWN;
    if (spells(word, place.county.sounds, 0)) return COUNTY;
    const across = [place.full, place.brief].some((one) => spells(word, one.sounds, 0) || spellsWithin(word, one.sounds));
    return across ? ACROSS : null;
  }
  if (word === place.text || word === place.stem) return WHOLE;
  if (place.text.includes(word)) return place.text.startsWith(word) ? BEGINS : WITHIN;
  if (place.town.text.includes(word)) return place.town.text.startsWith(word) ? TOWN : IN_TOWN;
  if (place.county.text.includes(word)) return COUNTY;
  return place.full.text.includes(word) || place.brief.text.includes(word) ? ACROSS : null;
}

function spells(word, sounds, at) {
  if (!word) return true;
  if (at === sounds.length) return false;
  for (const sound of sounds[at].split("/")) {
    for (let length = Math.min(sound.length, word.length); length > 0; length -= 1) {
      if (sound.startsWith(word.slice(0, length)) && spells(word.slice(length), sounds, at + 1)) return true;
    }
  }
  return false;
}

function spellsWithin(word, sounds) {
  for (let at = 1; at < sounds.length; at += 1) if (spells(word, sounds, at)) return true;
  return false;
}

function above(text, sounds) {
  const spoken = sounds.split(" ");
  const short = without(text, ABOVE, 1);
  return { text, sounds: spoken, short, shortSounds: spoken.slice(0, [...short].length) };
}

function without(text, endings, least) {
  const ending = endings.find((one) => text.endsWith(one) && [...text].length > [...one].length + least);
  return ending ? text.slice(0, -ending.length) : text;
}
