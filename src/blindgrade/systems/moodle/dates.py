"""Dates as Moodle writes them for people: "Monday, 2 November 2026, 10:00 AM", in the language of the site.

A date is read only if every word of it is understood: a day of the week must fit the date.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from blindgrade.collect.times import TimeUnclear

# Months from January, in the form of a date and, where it differs, in the form without a day.
MONTHS = (
    "january february march april may june july august september october november december",  # English
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",  # German
    "jänner februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",  # French
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",  # Spanish
    "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",  # Catalan
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",  # Italian
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",  # Portuguese
    "januari februari maart april mei juni juli augustus september oktober november december",  # Dutch
    "januari februari mars april maj juni juli augusti september oktober november december",  # Swedish
    "januar februar marts april maj juni juli august september oktober november december",  # Danish
    "januar februar mars april mai juni juli august september oktober november desember",  # Norwegian
    "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta"
    " marraskuuta joulukuuta",  # Finnish
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",  # Polish
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "ledna února března dubna května června července srpna září října listopadu prosince",  # Czech
    "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",  # Turkish
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",  # Russian
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",  # Ukrainian
)
WEEKDAYS = (  # from Monday, in the same languages
    "monday tuesday wednesday thursday friday saturday sunday",
    "mon tue wed thu fri sat sun",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
    "dilluns dimarts dimecres dijous divendres dissabte diumenge",
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "segunda terça quarta quinta sexta sábado domingo",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "måndag tisdag onsdag torsdag fredag lördag söndag",
    "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai",
    "maanantaina tiistaina keskiviikkona torstaina perjantaina lauantaina sunnuntaina",
    "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "pondělí úterý středa čtvrtek pátek sobota neděle",
    "pazartesi salı çarşamba perşembe cuma cumartesi pazar",
    "понедельник вторник среда четверг пятница суббота воскресенье",
    "понеділок вівторок середа четвер п'ятниця субота неділя",
    "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
    "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
)
FILLERS = {"de", "del", "à", "a", "às", "as", "at", "um", "uhr", "kl", "klo", "den", "of", "om", "le", "г", "в", "о"}
CLOCK = re.compile(r"(?<![\d:])(\d\d?)(?::|h)(\d\d)(?::(\d\d))?(?![\d:])(?:\s*([ap])\.?\s?m\b\.?)?")
NUMBERS = (
    re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>\d{4})\s?年\s?(?P<month>\d\d?)\s?月\s?(?P<day>\d\d?)\s?日"),
    re.compile(r"(?<!\d)(?P<day>\d\d?)\.\s?(?P<month>\d\d?)\.\s?(?P<year>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d\d?)/(?P<month>\d\d?)/(?P<year>\d{4})(?!\d)"),
)
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
DAY = re.compile(r"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|º|ª)?(?!\w)")
REMEDY = "write it in that cell as 2026-11-02 10:00"
NOT_UNDERSTOOD = f"its time is not understood; {REMEDY}"


def _simple(text: str) -> str:
    """Form for comparison. A Turkish İ is one letter, also in small."""
    return unicodedata.normalize("NFKC", text.replace("İ", "i")).casefold().replace("’", "'").strip()


def _numbers(lists: tuple[str, ...], first: int) -> dict[str, int]:
    return {_simple(word): n for words in lists for n, word in enumerate(words.split(), first)}


MONTH_OF = _numbers(MONTHS, 1)
WEEKDAY_OF = _numbers(WEEKDAYS, 0)


def read_date(text: str) -> datetime:
    """Local time of Moodle. TimeUnclear if it is not certain."""
    rest = _simple(text)
    hour, minute, second, rest = _clock(rest)
    year, month, day, rest = _numeric(rest) or _in_words(rest)
    try:
        found = datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise TimeUnclear(f"its date or time does not exist; {REMEDY}") from None
    for word in re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*", rest):
        if word in FILLERS:
            continue
        if word not in WEEKDAY_OF:
            raise TimeUnclear(NOT_UNDERSTOOD)
        if WEEKDAY_OF[word] != found.weekday():
            raise TimeUnclear(f"the day of the week does not fit its date; {REMEDY}")
    if re.search(r"\d", rest):
        raise TimeUnclear(NOT_UNDERSTOOD)
    return found


def looks_like_a_date(text: str) -> bool:
    """Does the text hold a year and a time of day?"""
    return bool(YEAR.search(text) and CLOCK.search(_simple(text)))


def _clock(text: str) -> tuple[int, int, int, str]:
    found = list(CLOCK.finditer(text))
    if len(found) != 1:
        raise TimeUnclear(NOT_UNDERSTOOD)
    hour, half = int(found[0][1]), found[0][4]
    if half:
        if not 1 <= hour <= 12:
            raise TimeUnclear(NOT_UNDERSTOOD)
        hour = hour % 12 + (12 if half == "p" else 0)
    rest = text[: found[0].start()] + " " + text[found[0].end() :]
    return hour, int(found[0][2]), int(found[0][3] or 0), rest


def _numeric(text: str) -> tuple[int, int, int, str] | None:
    for pattern in NUMBERS:
        if match := pattern.search(text):
            year, month, day = (int(match[part]) for part in ("year", "month", "day"))
            if "/" in match[0] and month != day:
                if month <= 12 and day <= 12:
                    raise TimeUnclear(f"its date can be read as day/month and as month/day; {REMEDY}")
                month, day = (month, day) if month <= 12 else (day, month)
            return year, month, day, text[: match.start()] + " " + text[match.end() :]
    return None


def _in_words(text: str) -> tuple[int, int, int, str]:
    year = YEAR.findall(text)
    months = [word for word in re.findall(r"[^\W\d_]+", text) if word in MONTH_OF]
    if len(year) != 1 or len(months) != 1:
        raise TimeUnclear(NOT_UNDERSTOOD)
    rest = re.sub(rf"(?<![^\W\d_]){months[0]}(?![^\W\d_])", " ", YEAR.sub(" ", text), count=1)
    day = DAY.findall(rest)
    if len(day) != 1:
        raise TimeUnclear(NOT_UNDERSTOOD)
    return int(year[0]), MONTH_OF[months[0]], int(day[0]), DAY.sub(" ", rest)
