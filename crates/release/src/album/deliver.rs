//! The files of all sets: first the masters that are missing, side by side, then the sets that are made of them.
//!
//! Sets of one version and one rate share a master. As many masters are made at a time as the studio has cores, and what
//! nobody reads any more goes before the next are made.

use std::ops::Range;
use std::path::Path;

use tonmeister_media::Tags;

use super::broadcast::with_broadcast;
use super::crew;
use super::disc;
use super::documents::Dip;
use super::files::{Set, Texts, deliver_trial, make_folders, write};
use super::lock::{Locked, Work, key};
use super::lossy::{self, Looped};
use super::sequence::Timeline;
use super::sound::{Lost, Mastered, sound_key};
use super::studio::{Studio, Trouble};
use super::texts::Cover;

/// Sets of files that share a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Which version of the album; nothing for the album itself.
    pub(crate) version: Option<String>,
    /// Frames per second.
    pub(crate) rate: u32,
    /// Places of the sets.
    pub(crate) sets: Vec<usize>,
}

/// The groups in the order in which they are made: version by version, and so the album's own first.
pub(crate) fn groups(sets: &[Set]) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    for (place, set) in sets.iter().enumerate() {
        if let Some(group) = all.iter_mut().find(|group| group.rate == set.rate && group.version == set.version) {
            group.sets.push(place);
            continue;
        }
        let last = all.iter().rposition(|other| other.version == set.version);
        let group = Group { version: set.version.clone(), rate: set.rate, sets: vec![place] };
        all.insert(last.map_or(all.len(), |last| last + 1), group);
    }
    all
}

/// What the sets are made with.
pub(crate) struct Wanted<'a> {
    pub(crate) sets: &'a [Set],
    /// Each song's tags, without its gains.
    pub(crate) tags: &'a [Tags],
    /// The picture.
    pub(crate) cover: Option<&'a Cover>,
    /// The songs of the album in their places.
    pub(crate) timeline: &'a Timeline,
    /// Whether a disc is made of the album's master afterwards.
    pub(crate) disc: bool,
}

/// A set that was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivered {
    /// Its file of each song.
    pub(crate) files: Vec<Option<Locked>>,
    /// Those that an earlier run had finished.
    pub(crate) kept: Vec<String>,
    /// What the codec loop did.
    pub(crate) loops: Vec<Looped>,
}

/// A set before it is made.
struct Pending {
    /// Its place.
    set: usize,
    cuts: Vec<(u64, u64)>,
    tags: Vec<Tags>,
    keys: Vec<String>,
    /// What an earlier run has finished of it.
    finished: Vec<String>,
    /// Whether that is all of it.
    whole: bool,
}

/// Makes the files of all sets that an earlier run has not finished. `lost` has the album first, then its versions.
pub(crate) fn deliver(
    studio: &mut dyn Studio,
    wanted: &Wanted<'_>,
    lost: &mut [Lost<'_>],
    (out, work): (&Path, &Work),
) -> Result<Vec<Delivered>, Trouble> {
    let mut all = vec![Delivered::default(); wanted.sets.len()];
    let groups = groups(wanted.sets);
    let at_once = studio.cores().max(1);
    for from in (0..groups.len()).step_by(at_once) {
        let (now, later) = groups[from..].split_at(at_once.min(groups.len() - from));
        let of: Vec<usize> = now.iter().map(|group| place_of(lost, group)).collect();
        let mut pending = Vec::new();
        for (n, group) in now.iter().enumerate() {
            let lost = &mut lost[of[n]];
            let sets = group.sets.iter().map(|set| Pending::new(studio, wanted, *set, lost, (out, work)));
            let sets: Vec<Pending> = sets.collect();
            if sets.iter().any(|set| !set.whole) {
                lost.prepare(studio, work, group.rate)?;
            }
            pending.extend(sets.into_iter().map(|set| (n, set)));
        }
        let masters = masters(studio, now, (&of, lost), &pending, work)?;
        let size = |(n, set): &(usize, Pending)| {
            if set.whole { 0 } else { lost[of[*n]].frames(now[*n].rate) }
        };
        let sizes: Vec<u64> = pending.iter().map(size).collect();
        let what = format!("Writing {} sets of files", sizes.iter().filter(|size| **size > 0).count());
        let done = crew::each(studio, &what, &sizes, |studio, place| {
            let (n, set) = &pending[place];
            set.make(studio, wanted, (&lost[of[*n]], masters[*n].as_ref()), (out, work))
        })?;
        for ((_, set), done) in pending.iter().zip(done) {
            all[set.set] = done;
        }
        // What nobody reads any more goes at once.
        for (n, group) in now.iter().enumerate() {
            let lost = &lost[of[n]];
            if !(wanted.disc && group.version.is_none() && group.rate == disc::RATE) {
                lost.forget_master(studio, work, group.rate);
            }
            if !later.iter().any(|other| other.version == group.version) {
                lost.forget_runs(studio, work);
            }
        }
    }
    Ok(all)
}

/// Which of them a group is made of.
fn place_of(lost: &[Lost<'_>], group: &Group) -> usize {
    lost.iter().position(|lost| lost.id() == group.version.as_deref()).unwrap_or(0)
}

/// The masters of these groups, as far as some set of them is not whole.
fn masters(
    studio: &mut dyn Studio,
    groups: &[Group],
    (of, lost): (&[usize], &[Lost<'_>]),
    pending: &[(usize, Pending)],
    work: &Work,
) -> Result<Vec<Option<(String, Mastered)>>, Trouble> {
    let missing = |n: &usize| pending.iter().any(|(group, set)| group == n && !set.whole);
    let missing: Vec<usize> = (0..groups.len()).filter(missing).collect();
    let sizes: Vec<u64> = missing.iter().map(|n| lost[of[*n]].frames(groups[*n].rate)).collect();
    let what = format!("Mastering {} times, for the rates and versions", missing.len());
    let made = crew::each(studio, &what, &sizes, |studio, place| {
        let n = missing[place];
        lost[of[n]].master(studio, work, groups[n].rate)
    })?;
    let mut all: Vec<Option<(String, Mastered)>> = groups.iter().map(|_| None).collect();
    for (n, master) in missing.into_iter().zip(made) {
        all[n] = Some(master);
    }
    Ok(all)
}

impl Pending {
    fn new(
        studio: &dyn Studio,
        wanted: &Wanted<'_>,
        place: usize,
        lost: &Lost<'_>,
        (out, work): (&Path, &Work),
    ) -> Pending {
        let set = &wanted.sets[place];
        let cuts = lost.cuts(set.rate, wanted.timeline);
        let tags = with_broadcast(lost.session.album, set, &lost.tags(wanted.tags), &cuts);
        let keys = keys(lost, set, &tags, wanted.cover, studio);
        let paths = set.paths.iter().zip(&keys);
        let finished = paths.filter_map(|(path, key)| Some(work.finished(out, path.as_deref()?, key)?.path));
        let finished: Vec<String> = finished.collect();
        let whole = finished.len() == set.paths.iter().flatten().count();
        Pending { set: place, cuts, tags, keys, finished, whole }
    }

    /// Makes what is missing.
    fn make(
        &self,
        studio: &mut dyn Studio,
        wanted: &Wanted<'_>,
        (lost, master): (&Lost<'_>, Option<&(String, Mastered)>),
        (out, work): (&Path, &Work),
    ) -> Result<Delivered, Trouble> {
        let set = &wanted.sets[self.set];
        let Some((audio, facts)) = master.filter(|_| !self.whole) else {
            let files = set.paths.iter().zip(&self.keys);
            let files = files.map(|(path, key)| work.finished(out, path.as_deref()?, key)).collect();
            return Ok(Delivered { files, kept: self.finished.clone(), loops: work.looped(&self.keys) });
        };
        let dipped = |dips: &[Dip]| lost.as_it_is(audio, set.rate, dips);
        make_folders(set, out)?;
        let texts = Texts {
            tags: &self.tags,
            cover: wanted.cover.map(|cover| cover.of(set.format)),
            whole: (facts.integrated_lufs, facts.true_peak_dbtp),
        };
        let kept = self.finished.clone();
        if !set.format.lossy() {
            let files = write(studio, &dipped(&[]), set, &self.cuts, (&self.keys, &texts), (out, work))?;
            return Ok(Delivered { files, kept, loops: Vec::new() });
        }
        // Lossy files are not dithered: each is made without the ones before it.
        let apart = lost.session.keeps();
        let ceiling_dbtp = lost.session.options.ceiling_dbtp;
        let (trials, loops) = lossy::solve(studio, (set, out), (&self.cuts, apart), ceiling_dbtp, dipped)?;
        work.remember(&self.keys, &loops)?;
        let mut files: Vec<Option<Locked>> = set.paths.iter().map(|_| None).collect();
        for trial in trials {
            let song = trial.song;
            let done = set.paths[song].as_deref().and_then(|path| work.finished(out, path, &self.keys[song]));
            files[song] = Some(match done {
                Some(done) => done,
                None => deliver_trial(trial, set, (&self.keys, &texts), (out, work))?,
            });
        }
        Ok(Delivered { files, kept, loops })
    }
}

/// What each file of a set follows from.
fn keys(lost: &Lost<'_>, set: &Set, tags: &[Tags], cover: Option<&Cover>, studio: &dyn Studio) -> Vec<String> {
    let sound = sound_key(lost.session, lost.solution, studio);
    let picture = cover.map_or_else(String::new, |c| blake3::hash(&c.of(set.format).bytes).to_hex().to_string());
    let format = format!("{:?} {} {:?} {:?} {:?}", set.format, set.rate, set.shaping, set.container, set.version);
    let one = |place: usize| {
        let texts = format!("{:?}", tags[place]);
        key(&["file", &sound, &format, &place.to_string(), &texts, &picture])
    };
    (0..set.paths.len()).map(one).collect()
}

/// How long songs are together.
pub(crate) fn length(cuts: &[(u64, u64)]) -> u64 {
    cuts.iter().map(|(from, to)| to - from).sum()
}

/// Songs in at most so many parts of about the same length, each of songs that follow one another.
pub(crate) fn parts(cuts: &[(u64, u64)], most: usize) -> Vec<Range<usize>> {
    let whole = length(cuts).max(1);
    let most = most.clamp(1, cuts.len().max(1)) as u64;
    let mut all: Vec<(u64, Range<usize>)> = Vec::new();
    let mut at = 0;
    for (place, (from, to)) in cuts.iter().enumerate() {
        // A song belongs to the part in which its middle lies.
        let part = (2 * at + (to - from)) * most / (2 * whole);
        at += to - from;
        match all.last_mut().filter(|(last, _)| *last == part) {
            Some((_, songs)) => songs.end = place + 1,
            None => all.push((part, place..place + 1)),
        }
    }
    all.into_iter().map(|(_, songs)| songs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonmeister_dsp::dither::Shaping;
    use tonmeister_media as media;
    use tonmeister_session::album::model::Wrapping;

    #[test]
    fn groups_share_masters_and_keep_versions_together() {
        let set = |rate: u32, version: Option<&str>| Set {
            format: media::Format::Wav(media::SampleFormat::Int24),
            rate,
            shaping: Shaping::Flat,
            container: Wrapping::Auto,
            bext: true,
            paths: Vec::new(),
            version: version.map(str::to_owned),
        };
        let sets =
            [set(48_000, None), set(48_000, Some("tv")), set(44_100, None), set(48_000, None), set(44_100, Some("tv"))];
        let all = groups(&sets);
        let told: Vec<(Option<&str>, u32, &[usize])> =
            all.iter().map(|group| (group.version.as_deref(), group.rate, group.sets.as_slice())).collect();
        let expected: [(Option<&str>, u32, &[usize]); 4] =
            [(None, 48_000, &[0, 3]), (None, 44_100, &[2]), (Some("tv"), 48_000, &[1]), (Some("tv"), 44_100, &[4])];
        assert_eq!(told, expected);
    }

    #[test]
    fn parts_cover_every_song_once_and_are_about_as_long_as_each_other() {
        let cuts = |lengths: &[u64]| {
            let mut at = 0;
            let cut = |length: &u64| {
                at += length;
                (at - length, at)
            };
            lengths.iter().map(cut).collect::<Vec<_>>()
        };
        assert_eq!(parts(&cuts(&[3, 3, 3, 3]), 2), [0..2, 2..4]);
        assert_eq!(parts(&cuts(&[1, 1, 1, 9]), 2), [0..3, 3..4]);
        assert_eq!(parts(&cuts(&[9, 1, 1, 1]), 2), [0..1, 1..4]);
        assert_eq!(parts(&cuts(&[2, 2]), 8), [0..1, 1..2]);
        assert_eq!(parts(&cuts(&[0, 0]), 2).len(), 1);
        assert!(parts(&[], 4).is_empty());
        for most in 1..9 {
            let lengths: Vec<u64> = (0..13).map(|n| 1 + n * 7 % 11).collect();
            let all = parts(&cuts(&lengths), most);
            assert!(all.len() <= most && all.iter().flat_map(Clone::clone).eq(0..13), "{all:?}");
        }
    }
}
