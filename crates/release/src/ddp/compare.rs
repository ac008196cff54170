//! Two filesets held against each other: what a plant sent back against what it was sent.

use tonmeister_core::{Buffer, Layout, Source};

use super::fileset::Fileset;
use crate::error::ReleaseError;
use crate::toc::Sectors;

/// Frames that are compared at a time.
const PIECE: usize = 16 * Sectors::FRAMES as usize;

/// Something in which two filesets differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: `EAN`, `track 3, index 1`, `audio of track 2`.
    pub what: String,
    /// What the first has.
    pub first: String,
    /// What the second has.
    pub second: String,
}

/// Everything in which two filesets differ, in what they mean: names of files, padding and the other freedoms of writers do
/// not count. The audio is compared sample by sample.
pub fn compare(first: &Fileset, second: &Fileset) -> Result<Vec<Difference>, ReleaseError> {
    let mut all = Vec::new();
    let mut differ = |what: String, first: String, second: String| {
        if first != second {
            all.push(Difference { what, first, second });
        }
    };
    let (a, b) = (&first.disc, &second.disc);
    let shown = |code: Option<String>| code.unwrap_or_else(|| "none".to_owned());
    differ("EAN".into(), shown(a.ean.map(|e| e.ean().to_owned())), shown(b.ean.map(|e| e.ean().to_owned())));
    differ("name of the master".into(), first.identifier.master_id.clone(), second.identifier.master_id.clone());
    differ("tracks".into(), a.tracks.len().to_string(), b.tracks.len().to_string());
    differ("lead-out".into(), a.end.to_string(), b.end.to_string());
    for (n, (s, t)) in a.tracks.iter().zip(&b.tracks).enumerate() {
        let n = n + 1;
        let time = |place: Option<&Sectors>| shown(place.map(ToString::to_string));
        differ(format!("track {n}, index 0"), time(s.pause.as_ref()), time(t.pause.as_ref()));
        for index in 0..s.indexes.len().max(t.indexes.len()) {
            let what = format!("track {n}, index {}", index + 1);
            differ(what, time(s.indexes.get(index)), time(t.indexes.get(index)));
        }
        differ(format!("track {n}, flags"), s.flags.words().join(" "), t.flags.words().join(" "));
        differ(format!("track {n}, ISRC"), shown(s.isrc.map(|c| c.to_string())), shown(t.isrc.map(|c| c.to_string())));
    }
    if first.text != second.text {
        let languages = |f: &Fileset| {
            let names = f.text.iter().flat_map(|t| &t.blocks).map(|b| format!("{} ({})", b.language, b.disc.title));
            let names: Vec<String> = names.collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        all.push(Difference { what: "CD-Text".into(), first: languages(first), second: languages(second) });
    }
    audio(first, second, &mut all)?;
    Ok(all)
}

/// The audio, as far as both have it, told by the first one's tracks.
fn audio(first: &Fileset, second: &Fileset, all: &mut Vec<Difference>) -> Result<(), ReleaseError> {
    let end = first.disc.end.min(second.disc.end);
    let tracks = first.disc.tracks.iter().enumerate();
    let mut ranges = vec![("audio before track 1".to_owned(), first.disc.first_pause())];
    for (n, _) in tracks {
        ranges.extend(first.disc.track_to_next(n + 1).map(|range| (format!("audio of track {}", n + 1), range)));
    }
    for (what, range) in ranges {
        let range = range.start.min(end)..range.end.min(end);
        let (mut a, mut b) = (first.audio(range.clone()), second.audio(range));
        if let Some((frames, at)) = unlike(&mut *a, &mut *b)? {
            let place = format!("{frames} frames differ, the first {:.6} s into it (frame {at})", at as f64 / 44_100.0);
            all.push(Difference { what, first: String::new(), second: place });
        }
    }
    Ok(())
}

/// How many frames differ, and the first that does.
fn unlike(a: &mut dyn Source, b: &mut dyn Source) -> Result<Option<(u64, u64)>, ReleaseError> {
    let (mut x, mut y) = (Buffer::new(Layout::Stereo, PIECE), Buffer::new(Layout::Stereo, PIECE));
    let (mut at, mut found) = (0, None);
    loop {
        let read = a.read(&mut x.block(PIECE))?.min(b.read(&mut y.block(PIECE))?);
        if read == 0 {
            return Ok(found);
        }
        for n in 0..read {
            if (0..2).any(|c| x.channel(c)[n] != y.channel(c)[n]) {
                let (frames, _) = found.get_or_insert((0, at + n as u64));
                *frames += 1;
            }
        }
        at += read as u64;
    }
}
