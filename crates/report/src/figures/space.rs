//! How it lies between the loudspeakers.

use std::fmt::Write as _;

use tonmeister_measure::space::{Goniometer, Space};

use super::{Cast, MOST_PICTURES, columns};
use crate::draw::{Axis, Heat, Ink, Plot, Rect, Theme};
use crate::figure::{Figure, ReadAxis, Readout, Shape, Track};
use crate::page::Table;
use crate::subject::Subject;
use crate::text::{hertz, number, quantity};

/// The stereo field: a goniometer for each file, and width and mono loss for each third of an octave. Nothing for files
/// of one channel.
pub fn stereo(cast: Cast<'_>) -> Option<Figure<'_>> {
    let stereo: Vec<(usize, &Subject, &Space)> =
        cast.curves().filter_map(|(n, s)| Some((n, s, s.portrait.space.as_ref()?))).collect();
    if stereo.is_empty() {
        return None;
    }
    let mut heats = Vec::new();
    let mut clouds = Vec::new();
    for (n, _, space) in stereo.iter().take(MOST_PICTURES) {
        let (heat, reach) = cloud(&space.goniometer);
        let name = format!("goniometer-{}", n + 1);
        if !heat.png().is_empty() {
            heats.push((name.clone(), heat.clone()));
        }
        clouds.push((*n, name, heat, reach));
    }
    let several = clouds.len().max(1);
    let rows = (several as f64 / 3.0).ceil();
    let narrow_rows = (several as f64 / 2.0).ceil();
    let heights =
        if cast.alone().is_some() { (372.0, 640.0) } else { (rows * 312.0 + 300.0, narrow_rows * 190.0 + 300.0) };
    Some(Figure {
        name: "stereo".into(),
        title: "Stereo field".into(),
        words: words(cast, &stereo),
        caption: caption(cast.alone().is_some()),
        legend: if cast.alone().is_some() {
            vec![("side against middle".into(), Ink::Series(0)), ("lost in mono".into(), Ink::Series(1))]
        } else {
            cast.legend()
        },
        heights,
        table: Some(table(cast, &stereo)),
        readout: None,
        heats,
        draw: Box::new(move |plot, shape| {
            let bands = if cast.alone().is_some() {
                let side = shape.pick(330.0, 330.0);
                let left = shape.pick(8.0, 15.0);
                let rect = Rect { left, top: 14.0, right: left + side, bottom: 14.0 + side };
                if let [(n, name, heat, reach)] = clouds.as_slice() {
                    goniometer(plot, rect, cast.ink(*n), name, heat, *reach, "");
                }
                let (_, right) = shape.span();
                shape.pick(
                    Rect { left: 398.0, top: 22.0, right, bottom: 336.0 },
                    Rect { left: 34.0, top: 386.0, right, bottom: 606.0 },
                )
            } else {
                let each = if shape == Shape::Paper { 252.0 } else { shape.pick(312.0, 178.0) };
                let across = shape.pick(3, 2);
                for (k, (n, name, heat, reach)) in clouds.iter().enumerate() {
                    let left = 8.0 + each * (k % across) as f64;
                    let top = 14.0 + (k / across) as f64 * shape.pick(312.0, 190.0);
                    let side = if shape == Shape::Paper { 240.0 } else { shape.pick(280.0, 160.0) };
                    let rect = Rect { left, top, right: left + side, bottom: top + side };
                    goniometer(plot, rect, cast.ink(*n), name, heat, *reach, &cast.name(*n));
                }
                let top = shape.pick(rows * 312.0, narrow_rows * 190.0) + 26.0;
                shape.field(top, top + 226.0)
            };
            widths(plot, shape, cast, bands);
        }),
    })
}

fn words(cast: Cast<'_>, stereo: &[(usize, &Subject, &Space)]) -> String {
    let one = |(n, _, space): &(usize, &Subject, &Space)| {
        let name = if cast.alone().is_some() { "Stereo field:".into() } else { format!("{}:", cast.name(*n)) };
        let correlation = quantity(space.correlation, 2, "");
        let loss = quantity(space.mono_loss_db, 1, "dB");
        format!("{name} correlation {correlation}, a mono sum loses {loss}.")
    };
    stereo.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What is drawn; narrow screens have the curves below the plane, as several files do.
fn caption(alone: bool) -> String {
    let curves = if alone {
        "what a mono loudspeaker loses in each third of an octave, and how wide it is: the side against the middle."
    } else {
        "how wide each is in thirds of an octave: the side against the middle. What mono loses of each stands in the \
         numbers."
    };
    format!(
        "The plane: where the sound was between its channels; mono stands upright, left leans left, what lies flat cancels \
         in mono. The curves: {curves}"
    )
}

fn table(cast: Cast<'_>, stereo: &[(usize, &Subject, &Space)]) -> Table {
    if let ([(_, _, space)], Some(_)) = (stereo, cast.alone()) {
        let head = ["band", "level", "side against middle", "correlation", "phase", "lost in mono"];
        let mut table = Table::new("Stereo field by thirds of an octave", &head);
        for band in &space.bands {
            table.row([
                hertz(band.band.nominal_hz),
                quantity(Some(band.level_db).filter(|db| *db > -150.0), 1, "dB"),
                quantity(band.width_db, 1, "dB"),
                quantity(band.correlation, 2, ""),
                quantity(band.phase_degrees, 0, "°"),
                quantity(band.mono_loss_db, 1, "dB"),
            ]);
        }
        return table;
    }
    let mut table = Table::new(
        "Stereo field",
        &["", "correlation", "side against middle", "below 120 Hz", "balance", "lost in mono"],
    );
    for (n, _, space) in stereo {
        table.row([
            cast.name(*n),
            quantity(space.correlation, 2, ""),
            quantity(space.width_db, 1, "dB"),
            quantity(space.low_width_db, 1, "dB"),
            quantity(space.balance_db, 1, "dB"),
            quantity(space.mono_loss_db, 1, "dB"),
        ]);
    }
    table
}

/// The cells that the sound ever was in, brighter where it was more often, and how far they reach.
fn cloud(goniometer: &Goniometer) -> (Heat, f64) {
    let half = (goniometer.side / 2) as i32;
    let shares = |reach: i32| (-reach..=reach).flat_map(move |y| (-reach..=reach).map(move |x| (x, y)));
    let occupied = shares(half).filter(|(x, y)| goniometer.at(*x, *y) > 0.0).map(|(x, y)| x.abs().max(y.abs())).max();
    let Some(occupied) = occupied else { return (Heat::cloud(0, 0, &[], [0; 3]), goniometer.reach) };
    let reach = (occupied + 2).min(half);
    let side = (2 * reach + 1) as usize;
    let most = goniometer.cells.iter().copied().fold(0.0_f32, f32::max).max(f32::MIN_POSITIVE);
    // Logarithmic: what is rare is seen too.
    let bright = |(x, y): (i32, i32)| {
        let share = goniometer.at(x, -y) / most;
        if share > 0.0 { (1.0 + share.log10() / 4.2).max(0.05) } else { 0.0 }
    };
    let values: Vec<f32> = shares(reach).map(bright).collect();
    let outermost = goniometer.reach * f64::from(reach) / f64::from(half.max(1));
    (Heat::cloud(side, side, &values, CLOUD), outermost)
}

/// Between the blue of a dark page and of a light one.
const CLOUD: [u8; 3] = [58, 150, 208];

fn goniometer(plot: &mut Plot, rect: Rect, ink: Ink, name: &str, heat: &Heat, reach: f64, title: &str) {
    let axis = || Axis::plain(-reach, reach);
    let field = plot.field(rect, "", axis(), axis());
    let Theme { grid, quiet, .. } = plot.theme();
    let Rect { left, top, right, bottom } = rect;
    let (x, y) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    plot.raw(&format!(
        "<path d=\"M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{right:.1} {top:.1}L{left:.1} {bottom:.1}M{x:.1} {top:.1}V{bottom:.1}M{left:.1} {y:.1}H{right:.1}\" stroke=\"{grid}\"/>\n"
    ));
    if !heat.png().is_empty() {
        plot.shared_heat(&field, name, heat);
    }
    for (x, y, anchor, text) in [
        (left + 8.0, top + 16.0, "start", "L"),
        (right - 8.0, top + 16.0, "end", "R"),
        (x, top + 16.0, "middle", "mono"),
        (left + 8.0, y - 5.0, "start", "−"),
        (right - 8.0, y - 5.0, "end", "+"),
    ] {
        plot.words(x, y, anchor, quiet, 11.0, text);
    }
    if !title.is_empty() {
        let color = plot.theme().ink(ink);
        let short: String = title.chars().take(((right - left) / 7.0) as usize).collect();
        plot.words(left + 8.0, bottom - 9.0, "start", color, 11.0, &short);
    }
}

const LEAST_DB: f64 = -36.0;

fn widths(plot: &mut Plot, shape: Shape, cast: Cast<'_>, rect: Rect) {
    let x = if rect.right - rect.left > 600.0 { Axis::hearing() } else { Axis::hearing_narrow() };
    let x = if shape == Shape::Wide { Axis::hearing() } else { x };
    let field = plot.field(rect, "", x, Axis::linear(LEAST_DB, 12.0, 12.0, "dB"));
    for (n, subject) in cast.curves() {
        let Some(space) = &subject.portrait.space else { continue };
        // Silent bands have no width; where only the side is silent it is below all that is drawn.
        let width = space.bands.iter().map(|b| {
            let heard = b.level_db > -120.0;
            (b.band.center_hz, heard.then(|| b.width_db.unwrap_or(LEAST_DB - 30.0)))
        });
        if cast.alone().is_some() {
            let color = plot.theme().series[0];
            plot.broken_line(&field, width, color, 2.4);
            let lost = space.bands.iter().map(|b| (b.band.center_hz, b.mono_loss_db.filter(|_| b.level_db > -120.0)));
            let color = plot.theme().series[1];
            plot.broken_line(&field, lost.map(|(hz, db)| (hz, db.map(|db| -db))), color, 2.0);
        } else {
            cast.curve(plot, &field, n, width, 2.0);
        }
    }
}

/// Correlation over time, and for a file alone its balance. Nothing for files of one channel.
pub fn history(cast: Cast<'_>) -> Option<Figure<'_>> {
    if cast.subjects.iter().all(|s| s.portrait.space.is_none()) {
        return None;
    }
    let points = |subject: &Subject| -> Option<(f64, Vec<Option<f64>>)> {
        let history = &subject.portrait.space.as_ref()?.history;
        let step = history.frames_per_point as f64 / f64::from(subject.portrait.sample_rate_hz);
        Some((step, history.correlation.iter().map(|v| v.map(f64::from)).collect()))
    };
    let mut tracks = Vec::new();
    for (n, subject) in cast.curves() {
        let Some((step, values)) = points(subject) else { continue };
        let label = if cast.alone().is_some() { "correlation".into() } else { cast.name(n) };
        tracks.push(Track::of_time(label, "", 2, (step / 2.0, step), &values, f64::min));
    }
    let mut words = String::from("Correlation of left and right over time.");
    for (n, subject) in cast.curves() {
        let Some(value) = subject.portrait.space.as_ref().and_then(|s| s.correlation) else { continue };
        let name = if cast.alone().is_some() { "On the whole".into() } else { cast.name(n) };
        let _ = write!(words, " {name}: {}.", number(value, 2));
    }
    Some(Figure {
        name: "correlation".into(),
        title: "Correlation over time".into(),
        words,
        caption: format!(
            "1: both loudspeakers do the same. 0: nothing in common, or one is silent. Below 0: they work against each \
             other, and mono loses.{}",
            cast.missing()
        ),
        legend: cast.legend(),
        heights: (196.0, 180.0),
        table: None,
        readout: Some(Readout { axis: ReadAxis::Seconds(cast.seconds().max(1e-3)), tracks }),
        heats: Vec::new(),
        draw: Box::new(move |plot, shape| {
            let rect = shape.field(14.0, shape.pick(168.0, 152.0));
            let x = Axis::time(cast.seconds(), shape.pick(12, 5));
            let field = plot.field(rect, "", x, Axis::linear(-1.0, 1.0, 0.5, ""));
            let theme = plot.theme();
            plot.block(&field, (0.0, cast.seconds()), (-1.0, 0.0), theme.error, 0.07);
            for (n, subject) in cast.curves() {
                let Some((step, values)) = points(subject) else { continue };
                let points = columns(&values, (step / 2.0, step), f64::min);
                cast.curve(plot, &field, n, points, if cast.alone().is_some() { 1.4 } else { 1.6 });
            }
        }),
    })
}
