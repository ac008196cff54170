//! How the songs lie to each other, and what was done about it.

use tonmeister_release::album::Report;
use tonmeister_release::album::even::Evened;
use tonmeister_report::page::{Section, Table};
use tonmeister_report::text::{number, quantity, signed};

use super::named;

/// The section; nothing for an album of one song, or where nothing was measured.
pub(super) fn section(report: &Report) -> Option<Section> {
    let even = report.consistency.as_ref().filter(|even| even.songs.len() > 1)?;
    let mut section = Section::new("consistency", "Consistency");
    section.words(&about(even));
    let head = ["", "tone", "with the moves", "behind the chain", "width", "level"];
    let mut table = Table::new("How far each song lies apart", &head);
    let what = if even.corrected { "The moves that were made" } else { "The moves that would bring them nearer" };
    let mut moves = Table::of_sentences(what, &["", "move", "why"]);
    for (song, lie) in report.songs.iter().zip(&even.songs) {
        let signed =
            |value: Option<f64>, unit: &str| value.map_or("–".into(), |value| format!("{} {unit}", signed(value, 1)));
        table.row([
            named(song),
            quantity(lie.tone_db, 1, "dB"),
            if lie.moves.is_empty() { "–".into() } else { quantity(lie.foreseen_db, 1, "dB") },
            quantity(lie.behind_db, 1, "dB"),
            signed(lie.width_db, "dB"),
            signed(lie.level_lu, "LU"),
        ]);
        for made in &lie.moves {
            moves.row([named(song), made.to_string(), made.reason.clone()]);
        }
    }
    section.table(&table);
    if !moves.rows.is_empty() {
        section.table(&moves);
    }
    Some(section)
}

fn about(even: &Evened) -> String {
    let measure = even.reference.as_ref().map_or("the middle of all songs".to_owned(), |title| format!("“{title}”"));
    let most = number(even.max_correction_db, 1);
    let done = if even.corrected {
        format!("What lies outside was moved toward it, nothing by more than {most} dB.")
    } else {
        format!(
            "Nothing was moved: these are suggestions, of {most} dB at most. consistency = \"correct\" in the album document \
             makes them."
        )
    };
    format!(
        "Measured by {measure}. Tone is the distance of the long-term spectrum in thirds of octaves, level left out; within \
         1 dB it is left alone, as are 2 dB of width and 3 LU of level. {done}"
    )
}
