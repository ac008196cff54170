//! Draws the demo song as a picture: every stem, the mix, and the master with its loudness.
//!
//! `cargo run --release -p tonmeister --example picture -- docs/demo.svg` plays the demo into a temporary folder, mixes
//! and masters it, and draws what came out. The README's picture is made this way.

use std::fmt::Write;
use std::path::Path;

use tonmeister::demo::FERRY;
use tonmeister::demo::perform::DemoSongReport;
use tonmeister::{Silent, World};
use tonmeister_core::Buffer;
use tonmeister_measure::loudness::{History, LoudnessMeter};

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 132.0;
const LANE: f64 = 30.0;
const TALL: f64 = 86.0;
const COLUMNS: usize = 700;

/// One color per family; a scale that color-blind readers can tell apart (Okabe and Ito).
const FAMILIES: &[(&[&str], &str)] = &[
    (&["kick", "snare", "hats", "percussion", "cymbals"], "#E69F00"),
    (&["bass"], "#D55E00"),
    (&["chords", "pad", "pluck", "lead"], "#56B4E9"),
    (&["backing-low", "backing-high", "vocal"], "#CC79A7"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args().nth(1).ok_or("say where the picture goes: -- docs/demo.svg")?;
    let folder = tempfile::tempdir()?;
    let report = World::new().demo_song(&FERRY, folder.path(), &mut Silent)?;
    std::fs::write(target, draw(&report)?)?;
    Ok(())
}

fn draw(report: &DemoSongReport) -> Result<String, Box<dyn std::error::Error>> {
    let height = 70.0 + LANE * report.song.stems.len() as f64 + 2.0 * (TALL + 22.0) + 40.0;
    let mut svg = String::new();
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif">
<rect width="100%" height="100%" rx="10" fill="#15171c"/>
<text x="24" y="38" fill="#f2efe8" font-size="20" font-weight="600">{}</text>
<text x="{}" y="38" fill="#9aa0ab" font-size="13" text-anchor="end">{} stems, mixed and mastered by one text</text>"##,
        report.song.title,
        WIDTH - 24.0,
        report.song.stems.len()
    )?;
    let mut y = 62.0;
    for stem in &report.song.stems {
        let (audio, _) = read(&stem.path)?;
        let color = FAMILIES.iter().find(|(ids, _)| ids.contains(&stem.id)).map_or("#999999", |(_, color)| color);
        lane(&mut svg, stem.id, &audio, y, LANE, color)?;
        y += LANE;
    }
    y += 12.0;
    let (mix, _) = read(&report.mix.written.path)?;
    lane(&mut svg, "mix", &mix, y, TALL, "#009E73")?;
    y += TALL + 10.0;
    let (master, history) = read(&report.master.written.path)?;
    lane(&mut svg, "master", &master, y, TALL, "#e8e4da")?;
    loudness(&mut svg, &history, master.frames() as f64 / 48_000.0, y)?;
    y += TALL + 24.0;
    let said = &report.master.written.loudness;
    writeln!(
        svg,
        r##"<text x="{LEFT}" y="{y}" fill="#9aa0ab" font-size="13">master: −{:.1} LUFS integrated, {:.1} LU range, −{:.2} dBTP, at most {:.1} dB of limiting; the line is short-term loudness, −40 to −5 LUFS</text>
</svg>"##,
        said.integrated_lufs.unwrap_or_default().abs(),
        said.range.map_or(0.0, |r| r.lu),
        said.true_peak_dbtp.unwrap_or_default().abs(),
        report.master.dynamics.iter().find(|d| d.address == "master/limiter").map_or(0.0, |d| d.max_reduction_db),
    )?;
    Ok(svg)
}

fn read(path: &Path) -> Result<(Buffer, History), Box<dyn std::error::Error>> {
    let mut source = tonmeister_media::open(path)?.source;
    let info = source.info();
    let mut audio = Buffer::new(info.layout, info.frames as usize);
    let mut at = 0;
    while at < audio.frames() {
        let end = audio.frames();
        at += source.read(&mut audio.block_range(at, end))?;
    }
    let mut meter = LoudnessMeter::new(info.sample_rate, info.layout)?;
    meter.push(audio.view(audio.frames()));
    Ok((audio, meter.finish_with_history().1))
}

/// The outline of the loudest samples of every column, mirrored.
fn lane(svg: &mut String, name: &str, audio: &Buffer, y: f64, height: f64, color: &str) -> std::fmt::Result {
    let (middle, half) = (y + height / 2.0, height / 2.0 - 2.0);
    writeln!(svg, r##"<text x="24" y="{:.1}" fill="#c9ccd3" font-size="13">{name}</text>"##, middle + 4.5)?;
    let step = audio.frames().div_ceil(COLUMNS);
    let peak = |column: usize| {
        let (from, to) = (column * step, ((column + 1) * step).min(audio.frames()));
        let view = audio.view(audio.frames()).part(from.min(to), to);
        view.channels().flatten().fold(0.0_f32, |m, x| m.max(x.abs()))
    };
    let peaks: Vec<f64> = (0..COLUMNS).map(|c| f64::from(peak(c)).min(1.0)).collect();
    // Stems fill their narrow lanes; mix and master are drawn at their true level.
    let scale = if height < TALL { 1.0 / peaks.iter().copied().fold(0.1, f64::max) } else { 1.0 };
    let x = |column: usize| LEFT + (WIDTH - LEFT - 24.0) * column as f64 / (COLUMNS - 1) as f64;
    let upper = peaks.iter().enumerate().map(|(c, p)| format!("{:.1},{:.1}", x(c), middle - p * scale * half));
    let lower = peaks.iter().enumerate().rev().map(|(c, p)| format!("{:.1},{:.1}", x(c), middle + p * scale * half));
    let points: Vec<String> = upper.chain(lower).collect();
    writeln!(svg, r#"<polygon points="{}" fill="{color}"/>"#, points.join(" "))
}

/// Short-term loudness over the master, from −40 to −5 LUFS.
fn loudness(svg: &mut String, history: &History, seconds: f64, y: f64) -> std::fmt::Result {
    let place = |(i, lufs): (usize, f64)| {
        let time = 3.0 + i as f64 / 10.0;
        let x = LEFT + (WIDTH - LEFT - 24.0) * time / seconds;
        format!("{x:.1},{:.1}", y + TALL * (1.0 - (lufs.clamp(-40.0, -5.0) + 40.0) / 35.0))
    };
    let values = history.short_term_lufs.iter().enumerate().step_by(2);
    let points: Vec<String> = values.filter_map(|(i, lufs)| lufs.map(|lufs| place((i, lufs)))).collect();
    writeln!(svg, r##"<polyline points="{}" fill="none" stroke="#d1495b" stroke-width="2"/>"##, points.join(" "))
}
