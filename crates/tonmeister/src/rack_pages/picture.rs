//! The picture of an effect, of the kind that its family is understood by.

use tonmeister_core::{BuildError, EffectSpec, Family, Registry, Settings, Tail};
use tonmeister_dsp::testing;
use tonmeister_report::draw::{Axis, DARK, Plot};

use super::probe::{self, Probe, RATE, both, db, frames};

/// What each setting is drawn in, and what goes in.
const COLORS: [&str; 6] = DARK.series;
const BEFORE: &str = DARK.before;

/// Draws what these settings do.
pub(super) fn draw(registry: &Registry, shows: &[(String, Settings)]) -> Result<Option<String>, BuildError> {
    let Some((_, first)) = shows.first() else { return Ok(None) };
    let spec = first.spec();
    let probes: Vec<(Probe<'_>, &str)> = shows
        .iter()
        .zip(COLORS)
        .map(|((_, settings), color)| (Probe::new(registry, settings.clone()), color))
        .collect();
    // Settings that a stream refuses are a fault of the page, not a picture.
    for (probe, _) in &probes {
        probe.build()?;
    }
    let mut legend: Vec<(String, &str)> = shows.iter().map(|(name, _)| name.clone()).zip(COLORS).collect();
    if matches!(kind(spec), Family::Stereo | Family::Repair | Family::Utility) {
        legend.insert(0, ("what went in".into(), BEFORE));
    }
    if legend.len() == 1 && legend[0].0 == "defaults" {
        legend.clear();
    }
    let mut plot = Plot::card(DARK, spec.name, &legend);
    match kind(spec) {
        Family::Equalizer => equalizer(&mut plot, &probes)?,
        Family::Dynamics => dynamics(&mut plot, &probes)?,
        Family::Space => space(&mut plot, &probes)?,
        Family::Modulation => modulation(&mut plot, &probes)?,
        Family::Color => color(&mut plot, &probes)?,
        Family::Stereo => stereo(&mut plot, &probes)?,
        Family::Repair if spec.id == "declip" => before_after(&mut plot, &probes, &probe::overdriven(4.0))?,
        Family::Repair => before_after(&mut plot, &probes, &probe::worn(4.0))?,
        Family::Utility => {
            before_after(&mut plot, &probes, &both(&testing::sine(1000.0, 0.25, RATE, frames(4.0))))?;
        }
    }
    Ok(Some(plot.finish()))
}

/// What an effect is understood by, where that is not its shelf's.
const UNLIKE_THEIR_SHELF: &[(&str, Family)] = &[("clipper", Family::Color)];

fn kind(spec: &EffectSpec) -> Family {
    UNLIKE_THEIR_SHELF.iter().find(|(id, _)| *id == spec.id).map_or(spec.family, |(_, family)| *family)
}

type Probes<'a> = [(Probe<'a>, &'static str)];
type Points = Vec<(f64, f64)>;

/// Whole multiples of `step` that hold these values, and at least `least` to either side of nothing.
fn room(lines: &[Points], step: f64, least: f64, most: f64) -> (f64, f64) {
    let values = || lines.iter().flatten().map(|(_, y)| y.clamp(-most, most));
    let low = values().fold(-least, f64::min);
    let high = values().fold(least, f64::max);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

fn equalizer(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    let lines = probes.iter().map(|(probe, _)| probe::response(probe, 0.0)).collect::<Result<Vec<_>, _>>()?;
    let (low, high) = room(&lines, 6.0, 6.0, 30.0);
    let panel = plot.panel((0, 1), "Response", Axis::hearing(), Axis::linear(low, high, 6.0, "dB"));
    for (line, (_, color)) in lines.into_iter().zip(probes) {
        plot.line(&panel, line, color, 2.2);
    }
    Ok(())
}

fn dynamics(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    let transfers = probes.iter().map(|(probe, _)| probe::transfer(probe)).collect::<Result<Vec<_>, _>>()?;
    let x = Axis::linear(-72.0, 0.0, 12.0, "dB in, 1 kHz");
    let panel = plot.panel((0, 2), "Level out over level in", x, Axis::linear(-72.0, 12.0, 12.0, "dB"));
    plot.line(&panel, [(-72.0, -72.0), (0.0, 0.0)], BEFORE, 1.0);
    for (line, (_, color)) in transfers.into_iter().zip(probes) {
        plot.line(&panel, line, color, 2.2);
    }
    let steps = probes.iter().map(|(probe, _)| probe::step(probe, -54.0, -3.0)).collect::<Result<Vec<_>, _>>()?;
    let (low, high) = room(&steps, 6.0, 6.0, 48.0);
    let x = Axis::linear(0.0, 800.0, 200.0, "ms");
    let y = Axis::linear(low, high.min(24.0), if high - low > 36.0 { 12.0 } else { 6.0 }, "dB");
    let panel = plot.panel((1, 2), "Gain while a tone leaps from −54 to −3 dB and back", x, y);
    for (line, (_, color)) in steps.into_iter().zip(probes) {
        plot.line(&panel, line, color, 2.0);
    }
    Ok(())
}

fn space(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    const FLOOR: f64 = -80.0;
    const CENTERS: [f64; 4] = [125.0, 500.0, 2000.0, 8000.0];
    let longest = probes.iter().map(|(probe, _)| Ok(probe.build()?.tail())).collect::<Result<Vec<_>, BuildError>>()?;
    let seconds = |tail: &Tail| match tail {
        Tail::Frames(tail) => *tail as f64 / f64::from(RATE),
        Tail::Endless => 4.0,
    };
    // A tail falls by 120 dB; the picture shows 80.
    let shown = (longest.iter().map(seconds).fold(0.0, f64::max) * 0.7).clamp(0.25, 8.0);
    let outputs = probes
        .iter()
        .map(|(probe, _)| probe.run(&testing::impulse(tonmeister_core::Layout::Stereo, 0, frames(shown + 0.1))))
        .collect::<Result<Vec<_>, _>>()?;
    let level = Axis::linear(FLOOR, 0.0, 20.0, "dB");
    let many = probes.len() > 1;
    let early = if many { shown.min(2.0) } else { 0.25 };
    let x = Axis::round(0.0, 1000.0 * early, "ms");
    let caption =
        if many { "After a click (right side gray)" } else { "The first 250 ms after a click (right side gray)" };
    let panel = plot.panel((0, 2), caption, x, level.clone());
    for (output, (_, color)) in outputs.iter().zip(probes) {
        let [left, right] = probe::echoes(output, early / 230.0, early);
        plot.stems(&panel, &right, BEFORE, 1.0, 1.0);
        plot.stems(&panel, &left, color, 0.0, 1.0);
    }
    let x = Axis::round(0.0, shown, "s");
    let panel = plot.panel((1, 2), "125 Hz blue, 500 orange, 2k green, 8k pink", x, level);
    if let Some(output) = outputs.last() {
        for (mut line, color) in probe::octaves(output, &CENTERS, shown).into_iter().zip(COLORS) {
            // Up to where it leaves the picture for good.
            line.truncate(line.iter().rposition(|(_, y)| *y > FLOOR).map_or(0, |last| last + 2));
            plot.line(&panel, line, color, 1.7);
        }
    }
    Ok(())
}

fn modulation(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    const SECONDS: f64 = 2.0;
    let tone = both(&testing::sine(1000.0, 1.0, RATE, frames(SECONDS + 0.5)));
    let mut swings = Vec::new();
    for (probe, color) in probes {
        let output = probe.run(&tone)?;
        for (side, wide) in [(1, 1.0), (0, 2.0)] {
            let moved = |line: Points| -> Points {
                line.into_iter().map(|(x, y)| (x - 0.4, y)).filter(|(x, _)| (0.0..SECONDS).contains(x)).collect()
            };
            swings.push((probe::swing(&output, side, 1000.0).map(moved), *color, wide));
        }
    }
    let levels: Vec<Points> = swings.iter().map(|([level, _], ..)| level.clone()).collect();
    // A tone that is hardly there has no pitch.
    let audible = |level: &Points, pitch: &Points| -> Points {
        level.iter().zip(pitch).filter(|((_, db), _)| *db > -15.0).map(|(_, point)| *point).collect()
    };
    let pitches: Vec<Points> = swings.iter().map(|([level, pitch], ..)| audible(level, pitch)).collect();
    let x = || Axis::linear(0.0, SECONDS, 0.5, "s");
    let (low, high) = room(&levels, 6.0, 6.0, 36.0);
    let panel = plot.panel((0, 3), "Level of a tone of 1 kHz", x(), Axis::linear(low, high, 6.0, "dB"));
    for ((level, _), (_, color, wide)) in swings.iter().map(|([a, b], ..)| (a, b)).zip(&swings) {
        plot.line(&panel, level.iter().copied(), color, *wide);
    }
    let (low, high) = room(&pitches, 10.0, 20.0, 200.0);
    let panel = plot.panel((1, 3), "Its pitch (right side thin)", x(), Axis::round(low, high, "cents"));
    for (pitch, (_, color, wide)) in pitches.into_iter().zip(&swings) {
        plot.line(&panel, pitch, color, *wide);
    }
    let (probe, _) = &probes[probes.len() - 1];
    let moments =
        [0.1, 0.35, 0.6].into_iter().map(|wait| probe::response(probe, wait)).collect::<Result<Vec<_>, _>>()?;
    let (low, high) = room(&moments, 6.0, 6.0, 24.0);
    let panel =
        plot.panel((2, 3), "Response at three moments", Axis::hearing_narrow(), Axis::linear(low, high, 6.0, "dB"));
    for (line, color) in moments.into_iter().zip(COLORS) {
        plot.line(&panel, line, color, 1.3);
    }
    Ok(())
}

fn color(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    let shapes = probes.iter().map(|(probe, _)| probe::shape(probe)).collect::<Result<Vec<_>, _>>()?;
    let highest = shapes.iter().flatten().map(|(_, y)| y.abs()).fold(1.0, f64::max).min(4.0);
    let high = (2.0 * highest).ceil() / 2.0;
    let x = Axis::linear(-1.0, 1.0, 0.5, "in, 100 Hz");
    let panel = plot.panel((0, 2), "Sample out over sample in", x, Axis::linear(-high, high, 0.5, ""));
    plot.line(&panel, [(-1.0, -1.0), (1.0, 1.0)], BEFORE, 1.0);
    for (line, (_, color)) in shapes.into_iter().zip(probes) {
        plot.line(&panel, line, color, 2.0);
    }
    let x = Axis::linear(0.5, 12.5, 1.0, "harmonic");
    let y = Axis::linear(-120.0, 0.0, 20.0, "dB");
    let panel = plot.panel((1, 2), "Harmonics of 1 kHz at −1 dB", x, y);
    for (n, (probe, color)) in probes.iter().enumerate() {
        let aside = 7.0 * (n as f64 - (probes.len() - 1) as f64 / 2.0);
        plot.stems(&panel, &probe::harmonics(probe, -1.0)?, color, aside, 5.0);
    }
    Ok(())
}

fn stereo(plot: &mut Plot, probes: &Probes<'_>) -> Result<(), BuildError> {
    let scene = probe::scene(3.0);
    let halves = |audio: &tonmeister_core::Buffer| -> [Vec<f32>; 2] {
        let pairs = || audio.channel(0).iter().zip(audio.channel(1));
        [pairs().map(|(l, r)| 0.5 * (l + r)).collect(), pairs().map(|(l, r)| 0.5 * (l - r)).collect()]
    };
    let outputs = probes.iter().map(|(probe, _)| probe.run(&scene)).collect::<Result<Vec<_>, _>>()?;
    let x = Axis::linear(-1.0, 1.0, 0.5, "side");
    let panel = plot.panel((0, 2), "Middle over side, sample by sample", x, Axis::linear(-1.0, 1.0, 0.5, "middle"));
    let cloud = |audio: &tonmeister_core::Buffer| -> Points {
        let [middle, side] = halves(audio);
        let last = middle.len() - 380 * 97;
        (0..380).map(|k| (f64::from(side[last + 97 * k]), f64::from(middle[last + 97 * k]))).collect()
    };
    plot.dots(&panel, cloud(&scene), BEFORE);
    for (output, (_, color)) in outputs.iter().zip(probes) {
        plot.dots(&panel, cloud(output), color);
    }
    let width = |audio: &tonmeister_core::Buffer| -> Points {
        let [middle, side] = halves(audio).map(|half| probe::spectrum(&half, 40));
        side.into_iter().zip(middle).map(|((hz, side), (_, middle))| (hz, (side - middle).clamp(-60.0, 60.0))).collect()
    };
    let mut lines = vec![width(&scene)];
    lines.extend(outputs.iter().map(width));
    let (low, high) = room(&lines, 6.0, 12.0, 36.0);
    let y = Axis::linear(low, high, if high - low > 36.0 { 12.0 } else { 6.0 }, "dB");
    let panel = plot.panel((1, 2), "Side against middle", Axis::hearing(), y);
    let colors = std::iter::once(BEFORE).chain(probes.iter().map(|(_, color)| *color));
    for (line, color) in lines.into_iter().zip(colors) {
        plot.line(&panel, line, color, 2.0);
    }
    Ok(())
}

fn before_after(plot: &mut Plot, probes: &Probes<'_>, input: &tonmeister_core::Buffer) -> Result<(), BuildError> {
    const MS: f64 = 40.0;
    let outputs = probes.iter().map(|(probe, _)| probe.run(input)).collect::<Result<Vec<_>, _>>()?;
    // Around the loudest sample of the second half.
    let samples = input.channel(0);
    let half = samples.len() / 2;
    let inner = half..samples.len() - frames(0.1);
    let loudest = inner.max_by(|a, b| samples[*a].abs().total_cmp(&samples[*b].abs())).unwrap_or(half);
    let from = loudest - frames(0.0005 * MS);
    let cut = |audio: &tonmeister_core::Buffer| -> Points {
        let part = &audio.channel(0)[from..from + frames(0.001 * MS)];
        part.iter().enumerate().step_by(2).map(|(n, x)| (1000.0 * n as f64 / f64::from(RATE), f64::from(*x))).collect()
    };
    let high = (10.0 * f64::from(samples[loudest].abs())).ceil() / 10.0;
    let x = Axis::linear(0.0, MS, 10.0, "ms");
    let panel = plot.panel((0, 2), "Around the loudest moment", x, Axis::round(-high, high, ""));
    plot.line(&panel, cut(input), BEFORE, 1.2);
    for (output, (_, color)) in outputs.iter().zip(probes) {
        plot.line(&panel, cut(output), color, 1.6);
    }
    let high = db(f64::from(samples[loudest].abs())).max(-20.0);
    let y = Axis::linear(-140.0, (high / 20.0).ceil() * 20.0, 20.0, "dB");
    let panel = plot.panel((1, 2), "Spectrum", Axis::hearing(), y);
    plot.line(&panel, probe::spectrum(&samples[half..], 140), BEFORE, 1.2);
    for (output, (_, color)) in outputs.iter().zip(probes) {
        plot.line(&panel, probe::spectrum(&output.channel(0)[half..], 140), color, 1.6);
    }
    Ok(())
}
