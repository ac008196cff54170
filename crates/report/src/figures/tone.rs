//! What frequencies it is made of: on average, and over time.

use tonmeister_measure::portrait::Portrait;
use tonmeister_measure::spectrum::{Corridor, Curve, Fit, Smoothing, Spectrogram};

use super::{Cast, MOST_PICTURES, up};
use crate::draw::{Axis, Heat, Ink, Plot, ember};
use crate::figure::{Figure, ReadAxis, Readout, Shape, Track};
use crate::page::Table;
use crate::subject::Subject;
use crate::text::{clock, hertz, number, quantity};

/// What music falls by on the whole: with it, much of today's is nearly level.
pub(crate) const TILT: f64 = 4.5;

fn curve(portrait: &Portrait) -> Curve {
    portrait.long_term.both().curve(Smoothing::Sixth, TILT)
}

/// The long-term average spectrum, tilted for the eye; for a stereo file alone its side too.
pub fn spectrum(cast: Cast<'_>) -> Figure<'_> {
    let mut lines: Vec<(String, Ink, Curve)> = Vec::new();
    if let Some(subject) = cast.alone() {
        let long_term = &subject.portrait.long_term;
        if let Some(side) = &long_term.side {
            lines.push(("side".into(), Ink::Series(1), side.curve(Smoothing::Sixth, TILT)));
        }
        lines.push(("whole".into(), Ink::Series(0), curve(&subject.portrait)));
    } else {
        lines.extend(cast.curves().map(|(n, s)| (cast.name(n), cast.ink(n), curve(&s.portrait))));
    }
    let legend = if lines.len() > 1 {
        lines.iter().rev().map(|(name, ink, _)| (name.clone(), *ink)).collect()
    } else {
        Vec::new()
    };
    let tracks = lines.iter().rev().map(track).collect();
    Figure {
        name: "spectrum".into(),
        title: "Spectrum on average".into(),
        words: spectrum_words(cast),
        caption: format!(
            "Averaged over all that is not a pause, smoothed to a sixth of an octave, and tilted by {TILT} dB per octave: much \
             of today's music is nearly level in it.{}",
            cast.missing()
        ),
        legend: if cast.alone().is_some() { legend } else { cast.legend() },
        heights: (318.0, 250.0),
        table: None,
        readout: Some(Readout { axis: ReadAxis::Hertz(20.0, 20_000.0), tracks }),
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| draw_spectrum(plot, shape, cast, &lines)),
    }
}

fn track((name, _, curve): &(String, Ink, Curve)) -> Track {
    let step = match curve.hz.as_slice() {
        [first, second, ..] => second / first,
        _ => 2.0,
    };
    let values = curve.db.iter().map(|db| (*db > -160.0).then_some(*db)).collect();
    let from = curve.hz.first().copied().unwrap_or(20.0);
    Track { label: name.clone(), unit: "dB", places: 1, from, step, values }
}

fn spectrum_words(cast: Cast<'_>) -> String {
    let one = |(n, subject): (usize, &Subject)| {
        let curve = curve(&subject.portrait);
        let name = if cast.alone().is_some() { "Average spectrum:".into() } else { format!("{}:", cast.name(n)) };
        let strongest = curve.hz.iter().zip(&curve.db).filter(|(_, db)| **db > -160.0);
        match strongest.max_by(|a, b| a.1.total_cmp(b.1)) {
            Some((hz, _)) => format!("{name} strongest around {}.", hertz(*hz)),
            None => format!("{name} silence."),
        }
    };
    cast.curves().map(one).collect::<Vec<_>>().join(" ")
}

fn draw_spectrum(plot: &mut Plot, shape: Shape, cast: Cast<'_>, lines: &[(String, Ink, Curve)]) {
    // From 25 Hz to 16 kHz lies what shall be in the picture whole; the ends may fall out of it.
    let inner =
        lines.iter().flat_map(|(_, _, c)| c.hz.iter().zip(&c.db)).filter(|(hz, _)| (25.0..16_000.0).contains(*hz));
    let top = inner.map(|(_, db)| *db).fold(f64::NEG_INFINITY, f64::max);
    let top = if top > -160.0 { up(top + 2.0, 6.0) } else { 0.0 };
    let bottom = top - 54.0;
    let rect = shape.field(22.0, shape.pick(282.0, 214.0));
    let x = shape.pick(Axis::hearing(), Axis::hearing_narrow());
    let field = plot.field(rect, "", x, Axis::linear(bottom, top, 12.0_f64.min(up((top - bottom) / 6.0, 6.0)), "dB"));
    for (n, (_, ink, curve)) in lines.iter().enumerate() {
        let points = || curve.hz.iter().copied().zip(curve.db.iter().copied());
        if cast.alone().is_some() {
            let color = plot.theme().ink(*ink);
            if *ink == Ink::Series(0) {
                let area: Vec<_> = points().map(|(hz, db)| (hz, bottom - 10.0, db)).collect();
                plot.area(&field, &area, color, 0.12);
            }
            plot.line(&field, points(), color, if *ink == Ink::Series(0) { 2.4 } else { 1.4 });
        } else {
            cast.curve(plot, &field, n, points().map(|(hz, db)| (hz, Some(db))), 2.0);
        }
    }
}

/// How the tone lies to that of freely licensed releases: thirds of octaves at equal loudness against a corridor.
/// Nothing in silence.
pub fn corridor(cast: Cast<'_>) -> Option<Figure<'_>> {
    let corridor = Corridor::free_releases();
    let fits: Vec<(usize, Fit)> =
        cast.curves().filter_map(|(n, s)| Some((n, corridor.fit(&s.portrait.bands)?))).collect();
    let limits: Vec<_> = fits.first()?.1.bands.iter().map(|b| b.limits).collect();
    let mut words = Vec::new();
    let mut head = vec![String::new(), "low".into(), "high".into()];
    let mut table = Table { caption: "Thirds of octaves under the loudness".into(), ..Table::default() };
    for (n, fit) in &fits {
        let outside = fit.bands.iter().filter(|b| b.outside_db != 0.0).count();
        let name = if cast.alone().is_some() { "Tone against a corridor".into() } else { cast.name(*n) };
        words.push(format!("{name}: {outside} of {} thirds of octaves lie outside.", fit.bands.len()));
        head.push(if cast.alone().is_some() { "level".into() } else { cast.name(*n) });
    }
    table.head = head;
    for limit in &limits {
        let mut row = vec![hertz(limit.nominal_hz), number(limit.low_db, 1), number(limit.high_db, 1)];
        row.extend(fits.iter().map(|(_, fit)| {
            let band = fit.bands.iter().find(|b| b.limits.nominal_hz == limit.nominal_hz);
            quantity(band.map(|b| b.level_db), 1, "dB")
        }));
        table.row(row);
    }
    let source = fits.first()?.1.source.trim_end_matches('.').to_string();
    Some(Figure {
        name: "corridor".into(),
        title: "Tone against a corridor".into(),
        words: words.join(" "),
        caption: format!(
            "Thirds of octaves at equal loudness. The shaded corridor: {source}. It says what is usual, not what is \
             right.{}",
            cast.missing()
        ),
        legend: cast.legend(),
        heights: (288.0, 240.0),
        table: Some(table),
        readout: None,
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| {
            let levels = fits.iter().flat_map(|(_, fit)| fit.bands.iter().map(|b| b.level_db));
            let top = limits.iter().map(|l| l.high_db).chain(levels).fold(-6.0, f64::max);
            let lowest = limits.iter().map(|l| l.low_db).fold(0.0, f64::min);
            let (top, bottom) = (up(top + 1.0, 6.0), super::down(lowest, 6.0).max(-60.0) - 6.0);
            let rect = shape.field(22.0, shape.pick(252.0, 204.0));
            let x = shape.pick(Axis::hearing(), Axis::hearing_narrow());
            let field = plot.field(rect, "", x, Axis::linear(bottom, top, 12.0, "dB"));
            let theme = plot.theme();
            let band: Vec<_> = limits.iter().map(|l| (l.nominal_hz, l.low_db, l.high_db)).collect();
            plot.area(&field, &band, theme.before, 0.28);
            plot.dashed(&field, limits.iter().map(|l| (l.nominal_hz, l.middle_db)), theme.quiet);
            for (n, fit) in &fits {
                let points = fit.bands.iter().map(|b| (b.limits.nominal_hz, Some(b.level_db)));
                cast.curve(plot, &field, *n, points, 2.2);
            }
        }),
    })
}

/// Level over time and frequency, one picture for each of the first files.
pub fn spectrogram(cast: Cast<'_>) -> Vec<Figure<'_>> {
    cast.subjects.iter().take(MOST_PICTURES).enumerate().map(|(n, subject)| one(cast, n, subject)).collect()
}

/// From the loudest down to here.
const DEPTH_DB: f64 = 78.0;
/// Columns of the picture.
const MOST_COLUMNS: usize = 1000;

fn one<'a>(cast: Cast<'a>, n: usize, subject: &'a Subject) -> Figure<'a> {
    let spectrogram = &subject.portrait.spectrogram;
    let (heat, loudest) = heat(spectrogram);
    let name = if cast.alone().is_some() { "spectrogram".to_string() } else { format!("spectrogram-{}", n + 1) };
    let map = format!("{name}-map");
    let title = match cast.alone() {
        Some(_) => "Spectrogram".into(),
        None => format!("Spectrogram: {}", cast.name(n)),
    };
    let seconds = subject.seconds();
    let heats = if heat.png().is_empty() { Vec::new() } else { vec![(map.clone(), heat.clone())] };
    Figure {
        name,
        title,
        words: format!("Level over time and frequency during {}.", clock(seconds)),
        caption: format!(
            "Brighter is louder, over {} dB; low notes at the bottom. Pink noise would be even.",
            number(DEPTH_DB, 0)
        ),
        legend: Vec::new(),
        heights: (330.0, 262.0),
        table: None,
        readout: Some(Readout { axis: ReadAxis::Seconds(seconds.max(1e-3)), tracks: Vec::new() }),
        heats,
        draw: Box::new(move |plot, shape| {
            let low = spectrogram.hz.first().copied().unwrap_or(20.0);
            let high = spectrogram.hz.last().copied().unwrap_or(20_000.0).max(low * 2.0);
            let rect = shape.field(22.0, shape.pick(288.0, 220.0));
            let x = Axis::time(seconds, shape.pick(12, 5));
            let field = plot.field(rect, "", x, Axis::hearing().between(low, high));
            if !heat.png().is_empty() {
                plot.shared_heat(&field, &map, &heat);
            }
            scale(plot, shape, loudest);
        }),
    }
}

/// The picture, and the level of its brightest point.
fn heat(spectrogram: &Spectrogram) -> (Heat, f64) {
    let rows = spectrogram.hz.len();
    let each = spectrogram.columns.div_ceil(MOST_COLUMNS).max(1);
    let columns = if rows == 0 { 0 } else { spectrogram.columns.div_ceil(each) };
    let mut levels = vec![f32::NEG_INFINITY; columns * rows];
    for column in 0..spectrogram.columns {
        for (row, db) in spectrogram.column(column).iter().enumerate() {
            // The loudest of those that share a point: a click stays a click.
            let level = &mut levels[(rows - 1 - row) * columns + column / each];
            *level = level.max(*db);
        }
    }
    let loudest = f64::from(levels.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let loudest = if loudest > -150.0 { up(loudest, 6.0) } else { 0.0 };
    let part = |db: f32| (1.0 + (f64::from(db) - loudest) / DEPTH_DB) as f32;
    (Heat::new(columns, rows, &levels.into_iter().map(part).collect::<Vec<_>>()), loudest)
}

/// What the colors stand for, below the picture.
fn scale(plot: &mut Plot, shape: Shape, loudest: f64) {
    let (_, right) = shape.span();
    let (y, steps) = (shape.pick(318.0, 250.0), 24);
    let wide = shape.pick(180.0, 120.0);
    let from = right - wide - 46.0;
    for k in 0..steps {
        let [r, g, b] = ember(f64::from(k) / f64::from(steps - 1));
        let x = from + wide * f64::from(k) / f64::from(steps);
        let each = wide / f64::from(steps) + 0.3;
        plot.raw(&format!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{each:.1}\" height=\"8\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>\n",
            y - 7.0
        ));
    }
    let quiet = plot.theme().quiet;
    plot.words(from - 6.0, y, "end", quiet, 11.0, &number(loudest - DEPTH_DB, 0));
    plot.words(right, y, "end", quiet, 11.0, &format!("{} dB", number(loudest, 0)));
}

/// The bands that the summary speaks of, and how far each lies from the mean of all, tilted: bass, low middle, middle,
/// presence, air. `None` in silence.
pub fn balance(subject: &Subject) -> Option<[(&'static str, f64); 5]> {
    const BANDS: [(&str, f64, f64); 5] = [
        ("bass", 40.0, 160.0),
        ("lower middle", 160.0, 640.0),
        ("middle", 640.0, 2560.0),
        ("presence", 2560.0, 6000.0),
        ("treble", 6000.0, 14_000.0),
    ];
    let curve = curve(&subject.portrait);
    let mean = |low: f64, high: f64| {
        let inside = curve.hz.iter().zip(&curve.db).filter(|(hz, _)| (low..high).contains(*hz)).map(|(_, db)| *db);
        let values: Vec<f64> = inside.collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let mut levels = [("", 0.0); 5];
    for (level, (name, low, high)) in levels.iter_mut().zip(BANDS) {
        *level = (name, mean(low, high)?);
    }
    let whole = levels.iter().map(|(_, db)| db).sum::<f64>() / 5.0;
    (whole > -150.0).then(|| levels.map(|(name, db)| (name, db - whole)))
}
