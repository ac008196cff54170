//! `tonmeister measure --spectrum --space`: tone against a corridor, and how the sound lies in space.

use std::fmt::Write;

use tonmeister::tone::{Placement, Tone};

use crate::table::{BAD, FAINT, GOOD, STRONG, Side, Table, maybe, number, quantity, styled};

/// Levels under the loudness that the bars show.
const LOWEST_DB: f64 = -60.0;
/// Characters of a bar, two decibels each.
const WIDTH: usize = 30;

/// The tables of one file.
pub(crate) fn told(tone: &Tone, spectrum: bool, space: bool) -> String {
    let mut text = format!("\n{}\n", styled(STRONG, tone.path.display()));
    if spectrum {
        let _ = write!(text, "\n{}", bands(tone));
    }
    match (&tone.space, space) {
        (Some(placement), true) => {
            let _ = write!(text, "\n{}\n{}", whole(placement), by_band(placement));
            text.push_str(&against(placement));
        }
        (None, true) => text.push_str("\n  mono: it has no width\n"),
        _ => {}
    }
    text
}

fn bands(tone: &Tone) -> String {
    let Some(fit) = &tone.fit else { return "  silent\n".into() };
    let mut table = Table::new(&[
        ("Hz", Side::Right),
        ("dB", Side::Right),
        ("under the loudness, −60 to 0 dB", Side::Left),
        ("corridor", Side::Right),
    ]);
    for band in &fit.bands {
        let outside = match band.outside_db {
            0.0 => String::new(),
            above if above > 0.0 => styled(BAD, format!("{} above", quantity(above, 1, "dB"))),
            below => styled(BAD, format!("{} below", quantity(-below, 1, "dB"))),
        };
        let limits = &band.limits;
        table.row([
            hz(limits.nominal_hz),
            number(band.level_db, 1),
            bar(limits.low_db, limits.high_db, band.level_db, band.outside_db == 0.0),
            outside,
        ]);
    }
    let legend = format!("  {}\n", styled(FAINT, format!("corridor: {}, {}", fit.corridor, fit.source)));
    format!("{}{legend}", table.text())
}

/// The corridor as a line and the level as a point on it.
fn bar(low_db: f64, high_db: f64, level_db: f64, inside: bool) -> String {
    let place = |db: f64| (((db - LOWEST_DB) / -LOWEST_DB * WIDTH as f64) as usize).min(WIDTH - 1);
    let (low, high, level) = (place(low_db), place(high_db), place(level_db));
    let mut text = String::new();
    for at in 0..WIDTH {
        if at == level {
            text.push_str(&styled(if inside { GOOD } else { BAD }, "●"));
        } else {
            text.push_str(&styled(FAINT, if (low..=high).contains(&at) { "─" } else { " " }));
        }
    }
    text
}

fn whole(space: &Placement) -> String {
    let mut table = Table::facts();
    table.fact("correlation", maybe(space.correlation, 2, ""));
    table.fact("balance", side(space.balance_db));
    table.fact("width (side over middle)", maybe(space.width_db, 1, "dB"));
    table.fact("width below 120 Hz", maybe(space.low_width_db, 1, "dB"));
    table.fact("lost in mono", maybe(space.mono_loss_db, 1, "dB"));
    table.text()
}

/// "0.4 dB to the right".
fn side(balance_db: Option<f64>) -> String {
    match balance_db {
        None => "–".into(),
        Some(db) if db.abs() < 0.05 => "in the middle".into(),
        Some(db) => format!("{} to the {}", quantity(db.abs(), 1, "dB"), if db > 0.0 { "right" } else { "left" }),
    }
}

fn by_band(space: &Placement) -> String {
    let mut table = Table::new(&[
        ("Hz", Side::Right),
        ("width dB", Side::Right),
        ("−30 to 6 dB", Side::Left),
        ("correlation", Side::Right),
        ("phase", Side::Right),
        ("mono loss dB", Side::Right),
    ]);
    for band in &space.bands {
        let bare = |value: Option<f64>, decimals| maybe(value, decimals, "").trim_end().to_string();
        let filled = band.width_db.map_or(0, |db| ((db + 30.0) / 36.0 * 18.0).clamp(0.0, 18.0).round() as usize);
        let turned = band.correlation.is_some_and(|c| c < -0.3);
        let correlation = bare(band.correlation, 2);
        table.row([
            hz(band.band.nominal_hz),
            bare(band.width_db, 1),
            format!("{}{}", "█".repeat(filled), styled(FAINT, "·".repeat(18 - filled))),
            if turned { styled(BAD, correlation) } else { correlation },
            bare(band.phase_degrees, 0) + if band.phase_degrees.is_some() { "°" } else { "" },
            bare(band.mono_loss_db, 1),
        ]);
    }
    table.text()
}

/// The longest stretches in which a band is turned.
fn against(space: &Placement) -> String {
    let mut longest: Vec<_> = space.against.iter().collect();
    longest.sort_by(|a, b| (b.to_s - b.from_s).total_cmp(&(a.to_s - a.from_s)));
    let mut text = String::new();
    for stretch in longest.iter().take(5) {
        let (from, to) = (crate::table::duration(stretch.from_s), crate::table::duration(stretch.to_s));
        let _ = writeln!(
            text,
            "  {} turned from {from} to {to}: correlation {}",
            styled(BAD, format!("{} Hz", hz(stretch.band.nominal_hz))),
            number(stretch.correlation, 2),
        );
    }
    text
}

fn hz(nominal: f64) -> String {
    if nominal.fract() == 0.0 { number(nominal, 0) } else { number(nominal, if nominal < 2.0 { 2 } else { 1 }) }
}
