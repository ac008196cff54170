//! What each stage of the mastering did to a song, at equal loudness.

use tonmeister_release::album::stages::{Excerpt, Stage};
use tonmeister_report::page::{Page, Section, Table};
use tonmeister_report::text::{clock, hertz, number, quantity, signed};

/// The bands that are shown: the middles of octaves.
const SHOWN_HZ: [f64; 9] = [63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0];

/// The page of an audition: a table for each song, and which files to compare.
pub(crate) fn page(title: &str, songs: &[Excerpt]) -> String {
    let facts = "each stage of the mastering in and out, at the same loudness";
    let mut page = Page::new(title, facts);
    for (place, excerpt) in songs.iter().enumerate() {
        let mut section = Section::new(&format!("song-{}", place + 1), &format!("{}. {}", place + 1, excerpt.title));
        section.table(&table(excerpt));
        let mut why = Table::of_sentences("Why they stand there", &["", "why"]);
        for stage in &excerpt.stages {
            why.row([stage.id.clone(), stage.reason.clone()]);
        }
        section.table(&why);
        let mut files =
            Table::new("Files to switch between", &["", "out", "in", "turned by to match", "both turned down"]);
        for stage in &excerpt.stages {
            let Some([out, inside]) = &stage.files else { continue };
            let db = |db: f64| format!("{} dB", signed(db, 2));
            let down = if stage.headroom_db > 0.0 { db(-stage.headroom_db) } else { "–".into() };
            let level = stage.level_lu.map_or("–".into(), db);
            files.row([stage.id.clone(), out.clone(), inside.clone(), level, down]);
        }
        section.table(&files);
        page.section(&section);
    }
    page.html()
}

/// A row for each stage.
pub(crate) fn table(excerpt: &Excerpt) -> Table {
    let shown: Vec<String> = SHOWN_HZ.iter().map(|hz| hertz(*hz)).collect();
    let mut head = vec!["", "level", "PLR", "took off", "residual"];
    head.extend(shown.iter().map(String::as_str));
    let caption = format!(
        "What each stage did from {} to {}, in and out at the same loudness",
        clock(excerpt.from_s),
        clock(excerpt.to_s)
    );
    let mut table = Table::new(&caption, &head);
    for stage in &excerpt.stages {
        table.row(cells(stage).into_iter().chain(bands(stage)));
    }
    table
}

fn cells(stage: &Stage) -> Vec<String> {
    if stage.bypassed {
        let none = || "–".to_owned();
        return vec![stage.id.clone(), "bypassed".into(), none(), none(), none()];
    }
    let [before, after] = stage.plr_db;
    let plr = before.zip(after).map_or("–".into(), |(a, b)| format!("{} → {} dB", number(a, 1), number(b, 1)));
    vec![
        stage.id.clone(),
        stage.level_lu.map_or("–".into(), |lu| format!("{} LU", signed(lu, 1))),
        plr,
        quantity(stage.reduction_db, 1, "dB"),
        stage.residual_db.map_or("nothing".into(), |db| format!("{} dB", number(db, 0))),
    ]
}

/// What it did to each octave's middle third.
fn bands(stage: &Stage) -> Vec<String> {
    let one = |hz: &f64| {
        let third = stage.thirds.iter().find(|(middle, _)| middle == hz);
        third.map_or("–".into(), |(_, db)| if db.abs() < 0.05 { "0".into() } else { signed(*db, 1) })
    };
    SHOWN_HZ.iter().map(one).collect()
}
