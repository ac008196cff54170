//! A song's own sheet: what was done to it and why, and what became of it.

use std::fmt::Write as _;

use tonmeister_core::Severity;
use tonmeister_release::album::Report;
use tonmeister_release::album::levels::Levels;
use tonmeister_release::album::report::SongReport;
use tonmeister_release::album::solve::Held;
use tonmeister_report::figure::Figure;
use tonmeister_report::figures::{self, Cast};
use tonmeister_report::page::{Part, Section, Table};
use tonmeister_report::report::problems;
use tonmeister_report::text::{count, number, quantity, signed};
use tonmeister_report::{Story, Subject};

use super::{Drawn, Told, chain, named, stages};

pub(super) fn section(told: &Told<'_>, place: usize) -> Section {
    let (song, drawn) = (&told.report.songs[place], &told.drawn[place]);
    let mut section = Section::sheet(&format!("song-{}", place + 1), &named(song));
    section.words(&story(told.report, song));
    section.table(&numbers(song, drawn));
    section.table(&chain::table(told, place));
    if let Some(excerpt) = told.report.stages.iter().find(|excerpt| excerpt.song == place) {
        section.table(&stages::table(excerpt));
    }
    let (subjects, story): (Vec<Subject>, Story) = match (&drawn.before, &drawn.after) {
        (Some(before), Some(after)) => (vec![before.clone(), after.clone()], Story::BeforeAfter),
        (_, Some(after)) => (vec![after.clone()], Story::SideBySide),
        _ => return section,
    };
    let cast = Cast { subjects: &subjects, story };
    let after = Cast { subjects: &subjects[subjects.len() - 1..], story: Story::SideBySide };
    let add = |section: &mut Section, mut figure: Figure<'_>| {
        // Names are unique on a page.
        figure.name = format!("{}-{}", figure.name, place + 1);
        section.figure(&figure);
    };
    add(&mut section, figures::loudness(cast));
    found(&mut section, drawn.after.as_ref(), place);
    add(&mut section, figures::spectrum(cast));
    figures::stereo(after).into_iter().chain(figures::stereo_history(after)).for_each(|f| add(&mut section, f));
    section
}

/// What the check of the delivered file found.
fn found(section: &mut Section, after: Option<&Subject>, place: usize) {
    let Some(after) = after else { return };
    let (grave, notes): (Vec<_>, Vec<_>) = problems(after, &format!("loudness-{}", place + 1))
        .into_iter()
        .partition(|problem| problem.severity > Severity::Note);
    section.heading("What the check of its file found");
    let none = grave.is_empty();
    if !none {
        section.part(Part::Problems(grave));
    }
    let also = match (none, notes.len()) {
        (true, 0) => "Nothing that looks like a fault.".into(),
        (true, n) => format!("Nothing that looks like a fault; {}, which tonmeister check tells.", count(n, "note")),
        (false, 0) => return,
        (false, n) => format!("Besides, {}, which tonmeister check tells.", count(n, "note")),
    };
    section.words(&also);
}

type Row = (&'static str, &'static str, usize, fn(&Levels) -> Option<f64>);

const ROWS: [Row; 7] = [
    ("integrated loudness", "LUFS", 1, |l| l.integrated_lufs),
    ("loudness range", "LU", 1, |l| l.range_lu),
    ("loudest 3 s", "LUFS", 1, |l| l.max_short_term_lufs),
    ("true peak", "dBTP", 2, |l| l.true_peak_dbtp),
    ("peak to loudness", "dB", 1, |l| l.plr_db),
    ("least peak to short-term", "dB", 1, |l| l.min_psr_db),
    ("DR14", "", 1, |l| l.dr_db),
];

/// Before, after, and the change.
fn numbers(song: &SongReport, drawn: &Drawn) -> Table {
    let mut table = Table::new("Before and after", &["", "came", "leaves", "change"]);
    let mut row = |name: &str, unit: &str, places: usize, before: Option<f64>, after: Option<f64>| {
        if before.or(after).is_some() {
            let change = before.zip(after).map(|(before, after)| after - before);
            table.row([
                name.into(),
                quantity(before, places, unit),
                quantity(after, places, unit),
                change.map_or("–".into(), |change| signed(change, places)),
            ]);
        }
    };
    for (name, unit, places, value) in ROWS {
        row(name, unit, places, value(&song.before), value(&song.after));
    }
    let space = |subject: Option<&Subject>| subject.and_then(|s| s.portrait.space.clone());
    let (before, after) = (space(drawn.before.as_ref()), space(drawn.after.as_ref()));
    let of = |value: fn(&tonmeister_measure::space::Space) -> Option<f64>| {
        (before.as_ref().and_then(value), after.as_ref().and_then(value))
    };
    let (was, is) = of(|s| s.correlation);
    row("correlation", "", 2, was, is);
    let (was, is) = of(|s| s.width_db);
    row("side against middle", "dB", 1, was, is);
    let (was, is) = of(|s| s.mono_loss_db);
    row("lost in mono", "dB", 1, was, is);
    table
}

/// What was done and why, in sentences.
fn story(report: &Report, song: &SongReport) -> String {
    let Some((before, after)) = song.before.integrated_lufs.zip(song.after.integrated_lufs) else {
        return "Silent: nothing was turned.".into();
    };
    let mut text = format!(
        "Came at {} LUFS and leaves at {} LUFS ({} LU). ",
        number(before, 1),
        number(after, 1),
        signed(after - before, 1)
    );
    text.push_str(match report.mode {
        "album" => "One gain for the whole album keeps its level to the other songs as it came. ",
        _ => "Its own gain brings it to the loudness asked for. ",
    });
    if song.joined {
        text.push_str("It joins its neighbor without a seam, so both go through one chain with one gain. ");
    }
    match song.limiting_db {
        Some(limiting) if limiting < 0.05 => text.push_str("The limiter never worked. "),
        Some(limiting) => {
            let _ = write!(text, "The limiter took at most {} dB off a peak. ", number(limiting, 1));
        }
        None => {}
    }
    text.push_str(match song.held {
        None => "",
        Some(Held::Limiting) => "More was asked for: it is held by the most limiting that is allowed.",
        Some(Held::Plr) => "More was asked for: it is held by the least PLR that is allowed.",
        Some(Held::Psr) => "More was asked for: it is held by the least PSR that is allowed.",
    });
    text
}
