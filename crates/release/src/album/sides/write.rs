//! The files of the sides.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tonmeister_core::{Buffer, Layout, View};
use tonmeister_dsp::dither::{Dither, Shaping};
use tonmeister_dsp::resample::resampled_frames;
use tonmeister_measure::loudness::LoudnessMeter;
use tonmeister_measure::portrait::PortraitMeter;
use tonmeister_media::tags::Marker;
use tonmeister_media::{self as media, Format, Tags, Writer};
use tonmeister_session::album::Album;

use super::{Finding, MediumReport, SAMPLES, Sides, sheet};
use crate::album::balance::render_to;
use crate::album::broadcast;
use crate::album::documents::premaster;
use crate::album::files::DITHER_SEED;
use crate::album::levels::{Cutter, Levels, meter};
use crate::album::lock::{self, Locked, keep, key, plain, put, recall};
use crate::album::solve::thousandth;
use crate::album::studio::{Studio, Trouble};
use crate::vinyl::{self, Features};

/// Frames handled at a time.
const BLOCK: usize = 4096;

/// What the sides are made of and with.
pub(crate) struct Work<'a> {
    /// The album.
    pub(crate) album: &'a Album,
    /// What the sound of the program follows from.
    pub(crate) sound: &'a str,
    /// What every song's files say.
    pub(crate) tags: &'a [Tags],
    /// The release's folder.
    pub(crate) out: &'a Path,
    /// The steps on the way.
    pub(crate) steps: &'a lock::Work,
}

/// What was measured of the sides before their gain.
#[derive(Serialize, Deserialize)]
struct Heard {
    true_peak_dbtp: Option<f64>,
}

/// Writes the sides, unless an earlier run has finished them: the files, and what is to be said of them. `programme` gives
/// the songs in sequence, before any limiter, as clips name it, and its rate and frames.
pub(crate) fn write(
    studio: &mut dyn Studio,
    sides: &Sides,
    programme: impl FnOnce(&mut dyn Studio, &lock::Work) -> Result<(String, u32, u64), Trouble>,
    Work { album, sound, tags, out, steps: work }: Work<'_>,
) -> Result<(Vec<Locked>, MediumReport, bool), Trouble> {
    let texts = format!("{:?} {:?} {} {:?}", album.title, album.about, album.artist, sides.songs);
    let codes: Vec<String> = tags.iter().map(|tags| format!("{:?} {:?}", tags.isrc, tags.credits)).collect();
    let key = key(&["sides", sound, &sides.follows(), &texts, &codes.join(" ")]);
    let paths = sides.paths();
    let done: Vec<Locked> = paths.iter().filter_map(|path| work.finished(out, path, &key)).collect();
    if let Some(report) = work.sides(&key).filter(|_| done.len() == paths.len()) {
        return Ok((done, report, true));
    }
    let folder = out.join(sides.folder);
    std::fs::create_dir_all(&folder).map_err(|e| Trouble::output(&folder, plain(&e)))?;
    let stretches = sides.stretches();
    let premade = work.path(&format!("premaster-{key}.wav"));
    let facts = premade.with_extension("json");
    let known = recall::<Heard>(&facts).filter(|_| premade.exists());
    let heard = if let Some(heard) = known {
        heard
    } else {
        let programme = programme(studio, work)?;
        let heard = premade_of(studio, album, sides, (&programme.0, programme.1, programme.2), &premade)?;
        keep(&facts, &heard)?;
        heard
    };
    let gain_db = heard.true_peak_dbtp.map_or(0.0, |peak| thousandth(sides.peak_dbtp - peak - 0.0005));
    let mut report = MediumReport { gain_db: Some(gain_db), ..sides.report() };
    let mut songs = sides.songs.clone();
    let mut all = Vec::new();
    studio.begin(&format!("Writing {}", sides.medium.name), stretches.iter().map(|s| s.end - s.start).sum());
    for (n, stretch) in stretches.iter().enumerate() {
        let side = Side { sides, album, n, gain_db };
        let path = sides.file(sides.split.sides[n].letter, "wav");
        let written = side.write(studio, &premade, (stretch.start, stretch.end), &out.join(&path))?;
        report.sides[n].levels = Some(written.levels);
        for (song, features) in songs[sides.split.sides[n].songs.clone()].iter_mut().zip(&written.features) {
            song.features = Some(features.clone());
        }
        let heard = (sides.rate, written.frames, written.clipped, written.levels);
        all.push(work.finish_apart((out, &path), "WAV 24-bit, a side", &key, heard)?);
    }
    report.findings =
        vinyl::check(&songs, &sides.split, &sides.medium, &sides.limits).iter().map(Finding::from).collect();
    let silent = (sides.rate, 0, 0, Levels::default());
    for n in 0..report.sides.len() {
        let path = sides.file(report.sides[n].letter, "cue");
        let text = sheet::cue(album, tags, sides, n).map_err(Trouble::Document)?;
        put(&out.join(&path), text.as_bytes())?;
        all.push(work.finish_apart((out, &path), "cue sheet of a side", &key, silent)?);
    }
    let path = format!("{}/sides.txt", sides.folder);
    put(&out.join(&path), sheet::text(album, tags, &report).as_bytes())?;
    all.push(work.finish_apart((out, &path), "sheet of the sides", &key, silent)?);
    // A side too many would be cut by whoever finds it there.
    work.drop_made(out, &format!("{}/", sides.folder), &paths)?;
    work.remember_sides(&key, &report)?;
    lock::forget(&premade);
    Ok((all, report, false))
}

/// Renders the sides before their gain, which comes behind: so what is rendered is the same whatever the peak.
fn premade_of(
    studio: &mut dyn Studio,
    album: &Album,
    sides: &Sides,
    (programme, rate, frames): (&str, u32, u64),
    premade: &Path,
) -> Result<Heard, Trouble> {
    let stretches = sides.stretches();
    let frames = resampled_frames(frames, rate, sides.rate);
    let song = premaster(album, programme, (sides.rate, frames), sides.mono_below_hz, studio.registry());
    let trouble = |e: String| Trouble::output(premade, e);
    let mut cutter = Cutter::new(stretches.iter().map(|side| (side.start, side.end)));
    let mut meters: Vec<LoudnessMeter> =
        stretches.iter().map(|_| meter(sides.rate, Layout::Stereo).map_err(trouble)).collect::<Result<_, _>>()?;
    let mut hear = |view: View<'_>| {
        let each = |side: usize, view: View<'_>| -> Result<(), std::convert::Infallible> {
            meters[side].push(view);
            Ok(())
        };
        match cutter.push(view, each) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    };
    let what = format!("Pre-master for {} at {} Hz", sides.medium.name, sides.rate);
    render_to(studio, &song, &what, premade, &mut hear)?;
    let peaks = meters.into_iter().filter_map(|meter| meter.finish().true_peak_dbtp);
    Ok(Heard { true_peak_dbtp: peaks.max_by(f64::total_cmp) })
}

/// A side that is being written.
struct Side<'a> {
    sides: &'a Sides,
    album: &'a Album,
    n: usize,
    gain_db: f64,
}

/// A side that was written.
struct Written {
    frames: u64,
    clipped: u64,
    levels: Levels,
    features: Vec<Features>,
}

impl Side<'_> {
    fn write(
        &self,
        studio: &mut dyn Studio,
        premade: &Path,
        (from, to): (u64, u64),
        path: &Path,
    ) -> Result<Written, Trouble> {
        let (sides, rate) = (self.sides, self.sides.rate);
        let trouble = |e: String| Trouble::output(path, e);
        let placed = &sides.placed[sides.split.sides[self.n].songs.clone()];
        let mut tags = self.says(from, to);
        let format = Format::Wav(SAMPLES);
        let room = tags.room(format, None);
        let writer = Writer::create_with_room(path, format, rate, Layout::Stereo, room);
        let mut writer = writer.map_err(|e| Trouble::output(path, e))?;
        let mut dither =
            Dither::new(24, Shaping::Flat, rate, Layout::Stereo, DITHER_SEED).map_err(|e| trouble(e.to_string()))?;
        let mut whole = meter(rate, Layout::Stereo).map_err(trouble)?;
        let mut songs = placed
            .iter()
            .map(|_| Ok((meter(rate, Layout::Stereo)?, PortraitMeter::new(rate, Layout::Stereo))))
            .collect::<Result<Vec<_>, String>>()
            .map_err(trouble)?;
        let mut cutter = Cutter::new(placed.iter().map(|song| (song.from - from, song.to - from)));
        let mut source = media::open(premade).map_err(|e| Trouble::input(premade, e))?.source;
        source.skip(from).map_err(|e| Trouble::input(premade, e))?;
        let gain = 10f64.powf(self.gain_db / 20.0);
        let mut buffer = Buffer::new(Layout::Stereo, BLOCK);
        let mut left = to - from;
        while left > 0 {
            let due = left.min(BLOCK as u64) as usize;
            let mut block = buffer.block(due);
            let frames = source.read(&mut block).map_err(|e| Trouble::input(premade, e))?;
            if frames == 0 {
                return Err(Trouble::input(premade, format!("ends {left} frames early; make the release again")));
            }
            let mut block = block.part(0, frames);
            for channel in 0..2 {
                for sample in block.channel_mut(channel) {
                    *sample = (f64::from(*sample) * gain) as f32;
                }
            }
            dither.process(&mut block);
            whole.push(block.view());
            cutter.push(block.view(), |song, view| -> Result<(), Trouble> {
                songs[song].0.push(view);
                songs[song].1.push(view);
                Ok(())
            })?;
            writer.write(block.view()).map_err(|e| Trouble::output(path, e))?;
            left -= frames as u64;
            studio.advance(frames as u64)?;
        }
        let levels = Levels::from(&whole.finish());
        if let Some(bext) = &mut tags.broadcast {
            bext.loudness = broadcast::loudness(&levels);
        }
        let (written, _) = writer.finish_tagged(&tags, None).map_err(|e| Trouble::output(path, e))?;
        let below = sides.limits.mono_below_hz;
        let features =
            songs.into_iter().map(|(meter, portrait)| Features::of(&portrait.finish(), &meter.finish(), below));
        let clipped = written.clipped + dither.clipped();
        Ok(Written { frames: written.frames, clipped, levels, features: features.collect() })
    }

    /// What the file says: whose side it is, and where its songs stand.
    fn says(&self, from: u64, to: u64) -> Tags {
        let (sides, album) = (self.sides, self.album);
        let side = &sides.split.sides[self.n];
        let title = format!("{}, side {}", album.title, side.letter);
        let songs = sides.placed[side.songs.clone()].iter().zip(&sides.songs[side.songs.clone()]);
        let markers = songs.enumerate().map(|(n, (placed, song))| Marker {
            frame: placed.from - from,
            length: placed.to - placed.from,
            label: format!("{}{} {}", side.letter, n + 1, song.title),
        });
        // What cannot be marked in 32 bits (twelve hours) is on the sheet all the same.
        let markers = markers.filter(|_| u32::try_from(to - from).is_ok()).collect();
        let mut tags = Tags {
            title: Some(title.clone()),
            album: Some(album.title.clone()),
            album_artist: Some(album.artist.clone()),
            barcode: album.about.upc,
            catalog_number: album.about.catalog_number.clone(),
            label: album.about.label.clone(),
            released: album.about.release_date,
            markers,
            ..Tags::default()
        };
        let text = format!("{}: {title}, {}", album.artist, sides.medium.name);
        tags.broadcast = Some(broadcast::of(album, &text, &tags, from, (SAMPLES, sides.rate)));
        tags
    }
}
