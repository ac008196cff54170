//! The level around a finding, for a small picture of the moment.

use std::ops::Range;
use std::path::Path;

use tonmeister_core::Buffer;
use tonmeister_measure::check::Finding;

use crate::failure::Failure;
use crate::measure::open_silenced;
use crate::world::World;

/// The shortest stretch that is shown, in seconds.
const SHORTEST_S: f64 = 0.4;

/// The level around a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Where the picture begins, in seconds.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// The greatest sample of each column, full scale being 1; of the finding's channel, or of all.
    pub peaks: Vec<f32>,
    /// The columns that the finding is about.
    pub marked: Range<usize>,
}

struct Window {
    place: usize,
    from: u64,
    to: u64,
    channel: Option<usize>,
    moment: Moment,
}

impl World {
    /// The level around each finding that has a time, in so many columns; the file is read once more, as far as it
    /// must be.
    pub fn moments(&self, path: &Path, findings: &[Finding], columns: usize) -> Result<Vec<Option<Moment>>, Failure> {
        let mut moments = vec![None; findings.len()];
        if findings.iter().all(|finding| finding.at.is_none()) {
            return Ok(moments);
        }
        let mut opened = open_silenced(path)?;
        let info = opened.source.info();
        let rate = f64::from(info.sample_rate);
        let end_s = info.frames as f64 / rate;
        let mut windows: Vec<Window> = findings
            .iter()
            .enumerate()
            .filter_map(|(place, finding)| window(place, finding, end_s, rate, columns))
            .collect();
        windows.sort_by_key(|window| window.from);
        let Some(last) = windows.iter().map(|window| window.to).max() else { return Ok(moments) };
        let mut buffer = Buffer::new(info.layout, 4096);
        let mut at = 0;
        while at < last {
            self.go_on()?;
            let wanted = windows.iter().any(|w| w.from < at + 4096 && at < w.to);
            if !wanted {
                let next = windows.iter().map(|w| w.from).filter(|from| *from > at).min().unwrap_or(last);
                let skipped = opened.source.skip(next - at).map_err(|e| Failure::input(path, e))?;
                at += skipped;
                if skipped == 0 {
                    break;
                }
                continue;
            }
            let frames = opened.source.read(&mut buffer.block(4096)).map_err(|e| Failure::input(path, e))?;
            if frames == 0 {
                break;
            }
            for window in windows.iter_mut().filter(|w| w.from < at + frames as u64 && at < w.to) {
                hear(window, &buffer, at, frames, columns);
            }
            at += frames as u64;
        }
        for window in windows {
            moments[window.place] = Some(window.moment);
        }
        Ok(moments)
    }
}

fn window(place: usize, finding: &Finding, end_s: f64, rate: f64, columns: usize) -> Option<Window> {
    let at = finding.at?;
    let middle = 0.5 * (at.from_s + at.to_s);
    let length = (1.5 * (at.to_s - at.from_s)).max(SHORTEST_S).min(end_s);
    let from_s = (middle - 0.5 * length).clamp(0.0, (end_s - length).max(0.0));
    let (from, to) = ((from_s * rate).round() as u64, ((from_s + length) * rate).round() as u64);
    if to <= from || columns == 0 {
        return None;
    }
    let column = |seconds: f64| ((seconds - from_s) / length * columns as f64).clamp(0.0, columns as f64);
    let first = (column(at.from_s).floor() as usize).min(columns - 1);
    let marked = first..(column(at.to_s).ceil() as usize).clamp(first + 1, columns);
    let moment = Moment { from_s, to_s: from_s + length, peaks: vec![0.0; columns], marked };
    Some(Window { place, from, to, channel: finding.channel, moment })
}

fn hear(window: &mut Window, buffer: &Buffer, at: u64, frames: usize, columns: usize) {
    let length = window.to - window.from;
    let (from, to) = (window.from.max(at), window.to.min(at + frames as u64));
    let channels = 0..buffer.layout().channels();
    for channel in channels.filter(|c| window.channel.is_none_or(|wanted| wanted == *c)) {
        let samples = &buffer.channel(channel)[(from - at) as usize..(to - at) as usize];
        for (frame, sample) in (from..to).zip(samples) {
            let column = ((frame - window.from) * columns as u64 / length) as usize;
            let peak = &mut window.moment.peaks[column];
            *peak = peak.max(sample.abs());
        }
    }
}
