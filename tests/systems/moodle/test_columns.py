"""Headers of worksheets in Moodle's languages, by its own language packs."""

from __future__ import annotations

import pytest

from blindgrade.systems.moodle.columns import find_columns, read_rows

# fmt: off
HEADERS = {
    "en": "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
          "Last modified (submission),Last modified (grade),Feedback comments",
    "de": "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
          "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar",
    "fr": "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,La note peut être modifiée,"
          "Dernière modification (travail remis),Dernière modification (note),Feedback par commentaires",
    "es": "Identificador,Nombre completo,Dirección de correo,Estado,Calificación,Calificación máxima,"
          "La calificación puede ser cambiada,Última modificación (entrega),Última modificación (calificación),"
          "Comentarios de retroalimentación",
    "it": "Identificativo,Nome,Indirizzo email,Stato,Valutazione,Valutazione massima,"
          "La valutazione può essere cambiata,Ultima modifica (consegna),Ultima modifica (valutazione),Commenti",
    "pt": "Identificador,Nome completo,E-mail,Estado,Nota,Nota máxima,A nota pode ser alterada.,"
          "Última atualização (submissão),Última atualização (avaliação),Comentários de feedback",
    "pt_br": "Identificador,Nome completo,Endereço de email,Status,Nota,Nota máxima,Nota pode ser alterada,"
             "Última modificação (envio),Última modificação (nota),Comentários de feedback",
    "nl": "Identificatie,Volledige naam,E-mailadres,Status,Beoordeling,Maximaal cijfer,Het cijfer kan gewijzigd worden,"
          "Laatst gewijzigd (inzending),Laatst gewijzigd (beoordeling),Feedback tekstvak",
    "ja": "ID,フルネーム,メールアドレス,ステータス,評定,最大評点,評点変更可,最終更新日時 (提出),最終更新日時 (評定),"
          "フィードバックコメント",
    "zh_cn": "标识符,全名,电子邮件地址,状态,成绩,最高分,允许更改成绩,上次修改（作业）,上次修改（评分）,反馈意见",
}
POLISH = (
    "identyfikator,Adres e-mail,Status,Ocena,Maksymalna ocena,Ocena może być zmieniona,"
    "Ostatnia modyfikacja (przesłane rozwiązanie),Ostatnia aktualizacja (ocena),Komentarz zwrotny"
)
# The plugin's name in these languages is not in the table, so its column is named.
WITHOUT_FEEDBACK = {
    "zh_tw": "識別碼,狀態,成績,最高成績,分數可以被更改,最後修改的(作業),最後修改的(得分),回饋評語",
}
# fmt: on


@pytest.mark.parametrize("language", HEADERS)
def test_every_column_of_a_worksheet_is_recognised(language: str) -> None:
    header = HEADERS[language].split(",")
    found = find_columns(header, {})
    kinds = ["identifier", "name", "status", "grade", "maximum", "changeable", "submitted", "modified", "feedback"]
    assert [found.at[kind] for kind in kinds] == [0, 1, *range(3, 10)]
    assert (found.unknown, found.news) == ([], [])


def test_an_anonymous_worksheet_has_no_names() -> None:
    found = find_columns(POLISH.split(","), {})
    kinds = ["identifier", "status", "grade", "maximum", "changeable", "submitted", "modified", "feedback"]
    assert [found.at[kind] for kind in kinds] == [0, *range(2, 9)]
    assert (found.unknown, found.news) == ([], [])


@pytest.mark.parametrize("language", WITHOUT_FEEDBACK)
def test_a_feedback_column_of_a_name_that_is_not_known_is_named(language: str) -> None:
    header = WITHOUT_FEEDBACK[language].split(",")
    found = find_columns(header, {})
    assert [found.at[kind] for kind in ("identifier", "grade", "maximum", "changeable", "modified")] == [0, 2, 3, 4, 6]
    assert "'Feedback comments'" in found.news[0] and "--column feedback=TITLE" in found.news[0]
    assert found.news[1].endswith(f"stay as they are: {header[-1]!r}")
    assert find_columns(header, {"feedback": header[-1]}).news == []


def test_a_title_of_the_user_takes_the_place_of_a_known_one() -> None:
    found = find_columns(["Identifier", "Grade", "Note", "Maximum Grade", "Last modified (grade)"], {"grade": "Note"})
    assert found.at["grade"] == 2 and found.unknown == []


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_separator_is_the_one_that_gives_known_titles(mark: str) -> None:
    assert read_rows(f"ID{mark}Bewertung\nTeilnehmer 1{mark}\n") == ([["ID", "Bewertung"], ["Teilnehmer 1", ""]], mark)
