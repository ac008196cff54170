//! Harshness and mud: a wide bell put into full mixes, against what the other songs have.

use std::sync::OnceLock;

use tonmeister_core::Buffer;
use tonmeister_measure::check::balance::{Balance, Band};
use tonmeister_measure::check::rules::{HARSH, MUDDY};
use tonmeister_measure::check::{Inspection, Level};

use crate::tally::{Count, Excerpt, Kind, Table, all, inspect_with, of, whole};
use crate::tone::{only, with_bell};

fn rule(band: Band) -> (&'static str, f64) {
    match band {
        Band::Harsh => ("harsh", HARSH.limit),
        Band::Muddy => ("muddy", MUDDY.limit),
    }
}

fn heard(e: &Excerpt, audio: &Buffer) -> Inspection {
    inspect_with(e.rate, audio, &only("harsh").with_level("muddy", Level::Note).unwrap())
}

fn balance(e: &Excerpt, audio: &Buffer) -> Balance {
    heard(e, audio).balance.expect("a minute of sound")
}

/// Every release and mix, with its balance.
fn music() -> Option<&'static [(Excerpt, Balance)]> {
    static MUSIC: OnceLock<Option<Vec<(Excerpt, Balance)>>> = OnceLock::new();
    let load = || {
        let mut files = all(Kind::Finished)?;
        files.extend(all(Kind::Mixes)?);
        let heard = |file: &std::path::PathBuf| {
            let e = whole(file);
            let balance = balance(&e, &e.audio);
            (e, balance)
        };
        Some(files.iter().map(heard).collect())
    };
    MUSIC.get_or_init(load).as_deref()
}

/// A bell of Q 1 in the middle of the band, over the whole song and over half of it. The songs that the norm and the limits
/// were made from are others (`norm.rs`).
#[test]
fn harshness_and_mud_are_found() {
    let Some(music) = music() else { return };
    for band in Band::ALL {
        let (rule, limit) = rule(band);
        let judged: Vec<_> = music.iter().filter_map(|(e, b)| Some((e, b.over(band)?))).collect();
        let clean: Vec<f64> = judged.iter().map(|(_, over)| *over).collect();
        let mut sorted = clean.clone();
        sorted.sort_by(f64::total_cmp);
        eprintln!("{rule}: {} mixes, untouched {:.1?}", sorted.len(), sorted);
        let mut table = Table::new(rule);
        for half in [false, true] {
            for gain_db in [6.0, 8.0, 10.0, 12.0, 15.0, 18.0] {
                let mut count = Count::default();
                for (n, (e, clean)) in judged.iter().enumerate() {
                    count.without(*clean >= limit);
                    let mut audio = with_bell(e, band.middle_hz(), 1.0, gain_db);
                    if half {
                        // The first half or the second, in turn.
                        let (frames, middle) = (audio.frames(), audio.frames() / 2);
                        let range = if n % 2 == 0 { middle..frames } else { 0..middle };
                        for c in 0..audio.layout().channels() {
                            audio.channel_mut(c)[range.clone()].copy_from_slice(&e.audio.channel(c)[range.clone()]);
                        }
                    }
                    let over = balance(e, &audio).over(band);
                    count.with_fault(over.is_some_and(|over| over >= limit));
                    if gain_db >= 12.0 && over.is_none_or(|over| over < limit) {
                        eprintln!("{rule} missed: {} {gain_db} {half} {over:?}", e.name);
                    }
                }
                table.row(format!("bell of {gain_db} dB, Q 1, {}", if half { "half" } else { "whole" }), count);
                let from_db = match (band, half) {
                    (Band::Harsh, false) => 10.0,
                    (Band::Muddy, false) => 12.0,
                    (Band::Harsh, true) => 15.0,
                    (Band::Muddy, true) => 18.0,
                };
                if gain_db >= from_db {
                    count.assert_good(rule);
                }
            }
        }
    }
}

/// Hardly any release and no mix is called harsh or muddy, judged or thin, and of the single instruments hardly any.
#[test]
fn releases_and_instruments_are_left_alone() {
    for kind in [Kind::Finished, Kind::Mixes, Kind::Stems] {
        let Some(files) = all(kind) else { return };
        let mut told = Vec::new();
        for file in &files {
            let e = whole(file);
            let inspection = heard(&e, &e.audio);
            for rule in ["harsh", "muddy"] {
                told.extend(of(&inspection, rule).map(|f| (e.name.clone(), rule, f.evidence("over").unwrap())));
            }
        }
        eprintln!("harsh, muddy: {} of {} {kind:?}: {told:?}", told.len(), files.len());
        // Two releases, one of them for a part of it; of the instruments a distorted bass at most.
        let most = match kind {
            Kind::Finished => 2,
            Kind::Mixes => 0,
            Kind::Stems => 1,
        };
        assert!(told.len() <= most, "{told:?}");
    }
}
