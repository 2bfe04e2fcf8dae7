"""Titles of the columns of Moodle's grading worksheet, in Moodle's own languages.

Moodle writes a title in the language of the person who downloads, and reads a column back by the title in the language
of the person who uploads. The titles are those of Moodle's language packs: `recordid`, `maxgrade`, `gradecanbechanged`,
`lastmodifiedgrade`, `lastmodifiedsubmission`, `scale`, `status`, `submissionteam`, `marker` and `markingworkflowstate`
of mod_assign, `grade`, `fullname`, `yes` and `no` of the core, and the plugin name of assignfeedback_comments. Several
titles of one language are of different versions.
"""

from __future__ import annotations

from blindgrade.roster.names import normal

# Kinds that a worksheet is filled in with, then kinds that are only recognised. Each: English, then de, fr, es, it, pt,
# pt_br, nl, pl, ja, zh_cn, zh_tw, ca, eu, gl, ru, sv, tr.
TITLES = {
    "identifier": (
        "Identifier", "ID", "Identifiant", "Identificador", "Identificativo", "Número de identificação",
        "Identificatie", "identyfikator", "标识符", "識別碼", "Identifikatzailea", "Идентификатор", "Identifierare",
        "Tanımlayıcı",
    ),
    "grade": (
        "Grade", "Bewertung", "Note", "Calificación", "Valutazione", "Voto", "Nota", "Avaliação", "Beoordeling",
        "Cijfer", "Ocena", "評定", "評点", "成绩", "成績", "Qualificació", "Kalifikazioa", "Cualificación", "Оценка",
        "Betyg", "Not",
    ),
    "maximum": (
        "Maximum Grade", "Bestwertung", "Beste Bewertung", "Note maximale", "Calificación máxima",
        "Valutazione massima", "Voto massimo", "Nota máxima", "Maximaal cijfer", "Hoogst haalbare cijfer",
        "Maksymalna ocena", "最大評点", "満点", "最高分", "最高成績", "Qualificació màxima", "Gehieneko kalifikazioa",
        "Cualificación máxima", "Максимальная оценка", "Maxbetyg", "En yüksek not", "Enyüksek not",
    ),
    "changeable": (
        "Grade can be changed", "Bewertung kann geändert werden", "La note peut être modifiée",
        "La calificación puede ser cambiada", "La calificación puede cambiarse", "La valutazione può essere cambiata",
        "A nota pode ser alterada.", "Nota pode ser alterada", "Het cijfer kan gewijzigd worden",
        "Ocena może być zmieniona", "評点変更可", "允许更改成绩", "分數可以被更改", "Es pot canviar la qualificació",
        "Kalifikazioa alda daiteke", "A cualificación pode seren cambiada", "Оценка может быть изменена",
        "Betyg kan ändras", "Not değiştirilebilir",
    ),
    "modified": (
        "Last modified (grade)", "Zuletzt geändert (Bewertung)", "Dernière modification (note)",
        "Dernière modification (évaluation)", "Última modificación (calificación)", "Ultima modifica (valutazione)",
        "Última atualização (avaliação)", "Última modificação (nota)", "Laatst gewijzigd (beoordeling)",
        "Laatst gewijzigd (cijfer)", "Ostatnia aktualizacja (ocena)", "Ostatnia modyfikacja (ocena)",
        "最終更新日時 (評定)", "上次修改（评分）", "最后修改（教师）", "最後修改的(得分)", "最後修改（老師）",
        "Darrera modificació (qualificació)", "Azken aldaketa (kalifikazioa)", "Última modificación (cualificación)",
        "Последнее изменение (оценка)", "Последнее изменение оценки", "Senast modifierat (betyg)",
        "Son düzenleme (not)",
    ),
    "feedback": (
        "Feedback comments", "Feedback als Kommentar", "Feedback par commentaires", "Comentarios de retroalimentación",
        "Commenti", "Comentários de feedback", "Feedback tekstvak", "Komentarz zwrotny", "フィードバックコメント",
        "反馈意见", "Comentaris de retroacció.", "Feedback-iruzkinak", "Comentarios", "Отзыв в виде комментария",
        "Återkopplingskommentarer", "Geri bildirim yorumları",
    ),
    "name": (
        "Full name", "Vollständiger Name", "Nom complet", "Nombre completo", "Nome", "Nome completo", "Volledige naam",
        "フルネーム", "全名", "Izen osoa", "Полное имя", "Fullständigt namn", "Tam adı",
    ),
    "scale": (
        "Scale", "Skala", "Barème", "Escala", "Scala", "Schaal", "評価尺度", "量表", "量尺", "Eskala", "Шкала",
        "Ölçek",
    ),
    "submitted": (
        "Last modified (submission)", "Zuletzt geändert (Abgabe)", "Dernière modification (travail remis)",
        "Dernière modification (remise)", "Fecha de entrega", "Última modificação (submissão)",
        "Ostatnio modyfikowane (zadanie)", "Senast ändrad (inlämning)",
        "Última modificación (entrega)", "Última modificación (envío)", "Ultima modifica (consegna)",
        "Última atualização (submissão)", "Última modificação (envio)", "Laatst gewijzigd (inzending)",
        "Ostatnia modyfikacja (przesłane rozwiązanie)", "Ostatnia modyfikacja (zadanie)", "最終更新日時 (提出)",
        "上次修改（作业）", "最后修改（学生）", "最後修改的(作業)", "最後修改（學生）",
        "Darrera modificació (tramesa)", "Azken aldaketa (bidalketa)", "Последнее изменение (ответ)",
        "Последнее изменение работы", "Senast modifierat (inlämning)", "Son düzenleme (gönderim)",
    ),
    "status": (
        "Status", "Statut", "Estado", "Stato", "ステータス", "状态", "狀態", "Estat", "Egoera", "Статус", "Durum",
    ),
    "group": (
        "Group", "Gruppe", "Groupe", "Grupo", "Gruppo", "Groep", "Grupa", "グループ", "小组", "小組", "Grup", "Taldea",
        "Группы", "Grupp",
    ),
    "marker": (
        "Marker", "Bewerter/in", "Évaluateur", "Evaluador", "Valutatore", "Avaliador", "Beoordelaar",
        "Osoba oceniająca", "採点者", "批改人", "評分者", "Avaluador", "Kalifikatzailea", "Corrector", "Оценщик",
        "Bedömare", "Değerlendirici",
    ),
    "workflow": (
        "Marking workflow state", "Status des Bewertungsworkflows", "Statut du flux d'évaluation",
        "Estado del workflow (flujo de trabajo) de calificaciones", "Stato del flusso di lavoro della valutazione",
        "Estado do processo de avaliação", "Status van de beoordelings-workflow", "Stan przepływu pracy w ocenianiu",
        "採点ワークフローステータス", "批改工作流程状态", "評分工作流程狀態", "Estat del flux d'avaluació",
        "Kalifikazio lan-fluxuaren egoera", "Estado do fluxo de traballo de corrección", "Этап процесса оценивания",
        "Poängsättningsstatus", "Değerlendirme iş akışı durumu",
    ),
}  # fmt: skip
FILLED = ("identifier", "grade", "maximum", "changeable", "modified", "feedback")
REQUIRED = ("identifier", "grade", "modified")  # Moodle refuses a file without them

YES = ("yes", "ja", "oui", "sí", "si", "sì", "sim", "tak", "はい", "是", "是的", "bai", "да", "evet")
NO = ("no", "nein", "non", "não", "nee", "nie", "いいえ", "否", "ez", "нет", "nej", "hayır")


def title(text: str) -> str:
    """Form of a title for comparison: capitals, spaces, and the kind of apostrophes and brackets do not count."""
    return normal(text.replace("’", "'"))


KINDS = {title(text): kind for kind, titles in TITLES.items() for text in titles}
