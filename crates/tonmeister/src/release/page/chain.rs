//! What a song went through, stage by stage, from the document that says so.

use std::fmt::Write as _;

use tonmeister_core::{ParamIndex, ParamKind, ParamSpec, Settings, Slot};
use tonmeister_release::chain::standard;
use tonmeister_report::page::Table;
use tonmeister_report::text::number;
use tonmeister_session::model::{Channels, Insert};

use super::Told;

/// The stages of a song, in the order in which it passed them.
pub(super) fn table(told: &Told<'_>, place: usize) -> Table {
    let (album, song) = (told.document.album(), &told.report.songs[place]);
    let own = &album.songs[place];
    let mut table = Table::of_sentences("What was done, in this order", &["", "set to", "why"]);
    let mut row = |stage: &str, set: String, why: &str| table.row([stage.into(), set, why.into()]);
    if own.start_s > 0.0 || own.end_s.is_some() {
        let until = own.end_s.map_or("its end".into(), |end| format!("{} s", number(end, 2)));
        row("cut", format!("from {} s to {until}", number(own.start_s, 2)), "as the album asks");
    }
    for insert in &own.inserts {
        row(&stage(insert), settings(insert), "this song alone");
    }
    let chain = album.chain.clone();
    let why = if chain.is_some() { "every song of this album" } else { "the standard chain: every song alike" };
    if own.chain {
        for insert in chain.unwrap_or_else(|| standard(told.registry)) {
            row(&stage(&insert), settings(&insert), why);
        }
    }
    for (name, seconds) in [("fade in", song.fade_in_s), ("fade out", song.fade_out_s)] {
        if seconds > 0.0 {
            row(name, format!("{} s", number(seconds, 2)), "as the album asks");
        }
    }
    if own.level_db != 0.0 {
        row("level", format!("{} dB", tonmeister_report::text::signed(own.level_db, 1)), "against the other songs");
    }
    let took = song.limiting_db.map_or(String::new(), |db| format!(", took at most {} dB", number(db, 1)));
    row(
        "true-peak limiter",
        format!("ceiling {} dBTP{took}", number(told.report.ceiling_dbtp, 1)),
        "at each file's own rate, behind the conversion, so that nothing comes above the ceiling after it",
    );
    table
}

/// The name of a stage, and what it leaves out.
fn stage(insert: &Insert) -> String {
    let mut name = insert.settings.spec().name.to_owned();
    if insert.channels != Channels::Stereo {
        let _ = write!(name, ", {} only", format!("{:?}", insert.channels).to_lowercase());
    }
    if insert.bypass {
        name.push_str(", bypassed");
    }
    name
}

/// Everything that is not as it is left out.
fn settings(insert: &Insert) -> String {
    let settings: &Settings = &insert.settings;
    let each = (0..settings.count() as u32).map(ParamIndex).filter_map(|index| {
        let (spec, value) = settings.at(index);
        // Of a group that is there (a high-pass, a bell) the first parameter is told in any case.
        let leads = matches!(settings.slot(index), Some(Slot::Grouped { param: 0, .. }));
        let address = settings.address(index);
        let group =
            address.rsplit_once('/').map_or(String::new(), |(group, _)| format!("{} ", group.replace('/', " ")));
        let name = spec.name.to_lowercase();
        (leads || value != spec.default).then(|| format!("{group}{name} {}", shown(spec, value)))
    });
    let files =
        settings.spec().files.iter().filter_map(|file| Some(format!("{} {}", file.id, settings.file(file.id)?)));
    let all: Vec<String> = each.chain(files).collect();
    if all.is_empty() { "as it comes".into() } else { all.join(", ") }
}

/// A value with its unit, without zeros at its end.
fn shown(spec: &ParamSpec, value: f64) -> String {
    match spec.kind {
        ParamKind::Switch if value == 0.0 => "off".into(),
        ParamKind::Switch => "on".into(),
        ParamKind::Choice(choices) => choices.get(value as usize).map_or(String::new(), |choice| choice.id.into()),
        _ => {
            let text = number(value, 3);
            let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            let unit = spec.unit.symbol();
            let space = if unit.is_empty() || unit.starts_with([':', '%', '°']) { "" } else { "\u{a0}" };
            format!("{text}{space}{unit}")
        }
    }
}
