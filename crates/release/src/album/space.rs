//! Whether a release fits on its disk: what its files and the steps on the way take, known before any work.

use std::fs;
use std::path::Path;

use tonmeister_dsp::resample::resampled_frames;
use tonmeister_session::album::keys::MONO;

use super::deliver::{Group, groups};
use super::files::Set;
use super::lock::WORK;
use super::sequence::Timeline;
use super::studio::Trouble;

/// Bytes of a frame of the steps on the way: two floats.
const STEP: u64 = 8;
/// More than any lossy format takes, in bytes per second (512 kbit/s); beside the steps on the way it is little.
const LOSSY: u64 = 64_000;
/// Headers, tags, checksums of a file.
const AROUND: u64 = 1 << 16;
/// What the page takes for a song, with its pictures.
const PAGE: u64 = 1 << 20;

/// Something that can be held: the whole program once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its rate.
    pub(crate) rate: u32,
    /// Bytes for each frame.
    pub(crate) bytes: u64,
    /// Whether it is rendered into a step of its own.
    pub(crate) premade: bool,
}

/// What a release takes of its disk, in bytes: at most, for compressed files are counted as if they were not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The files that stay.
    pub(crate) files: u64,
    /// The steps on the way, which go again: the most at any moment.
    pub(crate) steps: u64,
}

impl Need {
    /// Of these sets of files, each with a picture of so many bytes, and of what can be held (a disc, a record): the
    /// whole program at a rate, with so many bytes for each frame. `at_once`: where steps on the way are kept, how many
    /// masters are made at the same time.
    pub(crate) fn of(timeline: &Timeline, sets: &[Set], picture: u64, held: &[Held], at_once: Option<usize>) -> Need {
        let frames = |rate: u32| resampled_frames(timeline.frames, timeline.rate, rate);
        let mut files = PAGE * (1 + timeline.songs.len() as u64);
        for set in sets {
            let each = match set.format.bits() {
                Some(bits) => frames(set.rate) * 2 * u64::from(bits) / 8,
                None if set.format.lossy() => frames(set.rate).div_ceil(u64::from(set.rate)) * LOSSY,
                None => frames(set.rate) * STEP,
            };
            files += each + set.paths.iter().flatten().count() as u64 * (AROUND + picture);
        }
        files += held.iter().map(|held| frames(held.rate) * held.bytes + AROUND).sum::<u64>();
        // A side is rendered before its gain is known, one medium at a time.
        let sides = held.iter().filter(|held| held.premade).map(|held| frames(held.rate) * STEP);
        let sides = sides.max().unwrap_or(0);
        // A track is encoded beside its place, and tried before.
        let coded =
            sets.iter().filter(|set| set.format.lossy()).map(|set| frames(set.rate) / u64::from(set.rate) * LOSSY);
        let mut coded: Vec<u64> = coded.collect();
        coded.sort_unstable_by(|a, b| b.cmp(a));
        let coded = coded.iter().take(at_once.unwrap_or(1).max(1)).sum::<u64>();
        let Some(at_once) = at_once else { return Need { files, steps: sides + coded } };
        let runs: u64 = timeline.songs.iter().map(|song| song.length * STEP).sum();
        // As many masters are there at a time as are made side by side, and the songs of their versions behind their chains;
        // the disc's waits for the disc.
        let groups = groups(sets);
        let disc = held.iter().find(|held| !held.premade).map(|held| held.rate);
        let of_disc = |group: &Group| group.version.is_none() && Some(group.rate) == disc;
        let most = groups.chunks(at_once.max(1)).enumerate().map(|(n, now)| {
            let waits = groups[..n * at_once.max(1)].iter().filter(|group| of_disc(group));
            let masters: u64 = now.iter().chain(waits).map(|group| frames(group.rate) * STEP).sum();
            // The fold-down is made of the album's own.
            let mut own: Vec<&str> = now.iter().filter_map(|group| group.version.as_deref()).collect();
            own.retain(|id| *id != MONO);
            own.dedup();
            masters + own.len() as u64 * runs
        });
        let most = most.max().unwrap_or(0).max(disc.map_or(0, |rate| frames(rate) * STEP));
        let steps = runs + most.max(sides) + coded;
        Need { files, steps }
    }

    /// Refuses a disk on which it does not fit. What an earlier run has left in `out` is counted as done.
    pub(crate) fn refuse(self, out: &Path, paths: &[String]) -> Result<(), Trouble> {
        let size =
            |path: &String| fs::metadata(out.join(path)).ok().filter(fs::Metadata::is_file).map(|data| data.len());
        let there: Vec<u64> = paths.iter().filter_map(size).collect();
        if there.len() == paths.len() {
            // A finished release made again asks for nothing; if its songs were changed, the disk may still fill up.
            return Ok(());
        }
        // The mixes of documents were made to know their lengths; they are no part of what is still to come.
        let left = fs::read_dir(out.join(WORK)).into_iter().flatten().flatten();
        let left = left.filter(|entry| !entry.file_name().to_string_lossy().starts_with("mix-"));
        let left: u64 = left.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
        let need = self.files.saturating_sub(there.iter().sum()) + self.steps.saturating_sub(left);
        // A disk that does not tell its room is tried.
        let Some(free) = free(out) else { return Ok(()) };
        if need <= free {
            return Ok(());
        }
        Err(Trouble::output(
            out,
            format!(
                "this release needs up to {} there, {} for its files and {} for the steps on the way, and {} are free; \
                 make room, name a folder on another disk, or make fewer sets of files at a time",
                words(need),
                words(self.files),
                words(self.steps),
                words(free)
            ),
        ))
    }
}

/// What is free where a folder is or would be; `None` where the system does not say.
fn free(folder: &Path) -> Option<u64> {
    let absolute = std::path::absolute(folder).ok()?;
    let nearest = absolute.ancestors().find(|at| at.exists())?;
    fs4::available_space(nearest).ok()
}

/// Bytes as disks are sold.
fn words(bytes: u64) -> String {
    if bytes < 1_000_000_000 {
        format!("{} MB", bytes.div_ceil(1_000_000))
    } else {
        format!("{:.1} GB", bytes as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::album::sequence::{Fade, Placed};
    use tonmeister_dsp::dither::Shaping;
    use tonmeister_media as media;
    use tonmeister_session::album::model::Wrapping;
    use tonmeister_session::model::FadeShape;

    #[test]
    fn ten_minutes_take_what_their_formats_take() {
        let fade = Fade { frames: 0, shape: FadeShape::Linear };
        let frames = 600 * 48_000;
        let song = Placed { offset: 0, length: frames, start: 0, end: frames, fade_in: fade, fade_out: fade, run: 0 };
        let timeline = Timeline { rate: 48_000, songs: vec![song], frames };
        let set = |format, rate| {
            let (container, paths) = (Wrapping::Auto, vec![Some("a".into())]);
            Set { format, rate, shaping: Shaping::Flat, container, bext: false, version: None, paths }
        };
        let float = set(media::Format::Wav(media::SampleFormat::Float32), 48_000);
        let flac = set(media::Format::Flac(media::IntegerBits::Sixteen), 96_000);
        let opus = set(media::Format::Opus { kbps: 160 }, 48_000);
        let disc = Held { rate: 44_100, bytes: 4, premade: false };
        let sets = [float, flac, opus];
        let need = Need::of(&timeline, &sets, 1000, &[disc], Some(1));
        let files = frames * 8 + 2 * frames * 4 + 600 * 64_000 + 3 * (AROUND + 1000) + 600 * 44_100 * 4 + AROUND;
        assert_eq!(need.files, files + 2 * PAGE);
        // The song behind its chain, the master at 96 kHz, for the one at 48 kHz is gone by then; a file of the codec. Both
        // are there where two are made at a time.
        assert_eq!(need.steps, (frames + 2 * frames) * 8 + 600 * 64_000);
        let two = Need::of(&timeline, &sets, 1000, &[disc], Some(2));
        assert_eq!(two.steps, (frames + frames + 2 * frames) * 8 + 600 * 64_000);
        // A record is rendered once more, when all masters are gone; what is too long to be kept takes nothing but that.
        let record = Held { rate: 96_000, bytes: 6, premade: true };
        assert_eq!(Need::of(&timeline, &sets[..1], 0, &[record], Some(1)).steps, (frames + 2 * frames) * 8);
        assert_eq!(Need::of(&timeline, &sets, 0, &[disc], None).steps, 600 * 64_000);
        // A version brings its songs and its master; the fold-down is made of the album's.
        let of = |id: &str| Set { version: Some(id.into()), ..sets[0].clone() };
        let both = [sets[0].clone(), of("instrumental"), of(MONO)];
        assert_eq!(Need::of(&timeline, &both, 0, &[], Some(1)).steps, (frames + 2 * frames) * 8);
        assert_eq!((words(need.steps), words(1).as_str().to_owned()), ("730 MB".into(), "1 MB".into()));
    }
}
