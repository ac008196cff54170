//! Harshness and mud: a wide bell put into full mixes, against what the other songs have.

use std::sync::OnceLock;

use tonmeister_core::Buffer;
use tonmeister_measure::check::balance::{Balance, Band, RELEASES, THIRDS};
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

/// A release is its own song; a mix and a master of one are one.
fn song(name: &str) -> &str {
    if name.starts_with("finished/") { name } else { name.split('/').next().unwrap_or(name) }
}

/// The mean of all that are full mixes, but of that song.
fn reference(music: &[(Excerpt, Balance)], but: &str) -> [f64; THIRDS] {
    let is_mix = |b: &Balance| Band::ALL.iter().all(|band| b.over(*band, &b.levels).is_some());
    let mut sum = [0.0; THIRDS];
    let mut count = 0.0;
    for (_, balance) in music.iter().filter(|(e, b)| song(&e.name) != but && is_mix(b)) {
        let level = balance.levels.iter().sum::<f64>() / THIRDS as f64;
        sum.iter_mut().zip(&balance.levels).for_each(|(sum, x)| *sum += x - level);
        count += 1.0;
    }
    sum.map(|s| s / count)
}

#[test]
fn the_reference_is_the_mean_of_the_material() {
    let Some(music) = music() else { return };
    let made = reference(music, "");
    eprintln!("releases: {:?}", made.map(|x| (10.0 * x).round() / 10.0));
    for (made, stored) in made.iter().zip(&RELEASES) {
        assert!((made - stored).abs() < 0.06, "{made} {stored}");
    }
}

/// A bell of Q 1 in the middle of the band, over the whole song and over half of it. Each song is held against the
/// *others*: the mean that it is judged by was made without it (and without the other mix of the same song).
#[test]
fn harshness_and_mud_are_found() {
    let Some(music) = music() else { return };
    for band in Band::ALL {
        let (rule, limit) = rule(band);
        let others: Vec<[f64; THIRDS]> = music.iter().map(|(e, _)| reference(music, song(&e.name))).collect();
        let judged = music.iter().zip(&others).filter(|((_, b), others)| b.over(band, others).is_some());
        let judged: Vec<_> = judged.collect();
        let clean: Vec<f64> = judged.iter().filter_map(|((_, b), others)| b.over(band, others)).collect();
        let mut sorted = clean.clone();
        sorted.sort_by(f64::total_cmp);
        eprintln!("{rule}: {} mixes, untouched {:.1?}", sorted.len(), sorted);
        let mut table = Table::new(rule);
        for half in [false, true] {
            for gain_db in [6.0, 8.0, 10.0, 12.0, 15.0, 18.0] {
                let mut count = Count::default();
                for (n, (((e, _), others), clean)) in judged.iter().zip(&clean).enumerate() {
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
                    let over = balance(e, &audio).over(band, others);
                    count.with_fault(over.is_some_and(|over| over >= limit));
                    if gain_db >= 12.0 && over.is_none_or(|over| over < limit) {
                        eprintln!("{rule} missed: {} {gain_db} {half} {over:?}", e.name);
                    }
                }
                table.row(format!("bell of {gain_db} dB, Q 1, {}", if half { "half" } else { "whole" }), count);
                let from_db = match (band, half) {
                    (_, false) => 12.0,
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

/// No release and no mix is called harsh or muddy, judged or thin, and of the single instruments hardly any.
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
        // A distorted bass, and that is no warning.
        assert!(told.len() <= usize::from(kind == Kind::Stems), "{told:?}");
        assert!(told.iter().all(|(.., over)| *over < 8.0), "{told:?}");
    }
}
