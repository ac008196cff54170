//! Every strip for itself: clips placed, processors built, latencies known.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use tonmeister_core::{KeyUse, Layout, Memory, Processor, Registry, Settings, Stream, Tail};
use tonmeister_session::model::{Channels, Strip, Target};
use tonmeister_session::tables::STRIP;

use super::routes::strips;
use super::{EngineError, MAX_BLOCK, Wanted};
use crate::automation::starting;
use crate::clip::{Library, Misplaced, PlacedClip, place as place_clips};
use crate::name::{ENTRY, Name, Namer};
use crate::recording::Recordings;

/// A strip with its clips placed and its processors built, not yet connected.
pub(super) struct Body {
    /// What is done in it, by content; who listens to it is not part of it.
    pub(super) entry_name: Name,
    pub(super) strip: Arc<Strip>,
    /// The layout that enters.
    pub(super) entry: Layout,
    pub(super) clips: Vec<PlacedClip>,
    /// How long it holds the signal back before the inserts.
    pub(super) delay: u64,
    /// The inserts that are not bypassed.
    pub(super) inserts: Vec<BodyInsert>,
}

/// A processor of a body.
pub(super) struct BodyInsert {
    pub(super) name: Name,
    pub(super) id: String,
    pub(super) place: usize,
    pub(super) latency: u64,
    pub(super) tail: Tail,
    pub(super) memory: Memory,
    pub(super) layout: Layout,
    pub(super) channels: Channels,
    /// Whether it does to a part of its signal what it does to the whole, when the whole is its key.
    pub(super) replays: bool,
    /// Whether it then lays on the very gains that it lays on the whole, and can be lent them.
    pub(super) borrows: bool,
    /// As it is built: after tempo, automation's start and recordings.
    settings: Settings,
    stream: Stream,
    /// The processor that was built to learn its latency, until a node takes it.
    spare: Option<Box<dyn Processor>>,
}

impl BodyInsert {
    /// A processor, born ready.
    pub(super) fn take(&mut self, registry: &Registry) -> Result<Box<dyn Processor>, EngineError> {
        match self.spare.take() {
            Some(processor) => Ok(processor),
            None => registry.build(&self.settings, &self.stream).map_err(|e| EngineError::new(&self.id, e.0)),
        }
    }
}

/// The bodies of all strips of all songs.
pub(super) struct Bodies {
    pub(super) all: Vec<Body>,
    /// Per song, per strip in song order: its body, and its own fader, sends and lanes.
    pub(super) of: Vec<Vec<(usize, Arc<Strip>)>>,
}

/// Builds each strip once, however many songs have it.
pub(super) fn bodies(wanted: &[Wanted<'_>], registry: &Registry, library: &dyn Library) -> Result<Bodies, EngineError> {
    let rate = wanted[0].song.sample_rate_hz;
    let desk = Desk { registry, library, sample_rate: rate, recordings: Recordings::new(library, rate) };
    // What a strip is, in words, decides whether two are one: ids give the seeds, so they count.
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    let mut of = Vec::new();
    for wanted in wanted {
        let song = wanted.song;
        let mut own = Vec::new();
        for (number, (id, strip)) in strips(song).enumerate() {
            let clips = song.tracks.get(number).map(|track| track.clips.as_slice());
            let place = match number {
                track if track < song.tracks.len() => format!("track `{id}`"),
                bus if bus < song.tracks.len() + song.buses.len() => format!("bus `{id}`"),
                _ => "the master".to_owned(),
            };
            let draft = Draft { id, place, strip, clips, tempo_bpm: song.tempo_bpm };
            let next = drafts.len();
            let body = *known.entry(draft.identity()).or_insert(next);
            if body == next {
                drafts.push(draft);
            }
            own.push((body, Arc::new(strip.clone())));
        }
        of.push(own);
    }
    let all = drafts.par_iter().map(|draft| desk.body(draft)).collect::<Result<_, _>>()?;
    Ok(Bodies { all, of })
}

/// A strip before anything is built.
struct Draft<'s> {
    id: &'s str,
    place: String,
    strip: &'s Strip,
    clips: Option<&'s [tonmeister_session::model::Clip]>,
    tempo_bpm: f64,
}

impl Draft<'_> {
    /// Everything that the body follows from, as text.
    fn identity(&self) -> String {
        // Settings print without the tempo that their notes follow.
        format!("{} {:?} {:?} {}", self.id, self.clips, inner(self.strip), self.tempo_bpm)
    }
}

/// A strip up to its last insert: fader, pan, sends and output at their defaults.
fn inner(strip: &Strip) -> Strip {
    let mut inner = Strip::new(None);
    for id in ENTRY {
        inner.set(id, strip.get(id));
    }
    inner.inserts.clone_from(&strip.inserts);
    let belongs = |target: Target| match target {
        Target::Strip(at) => ENTRY.contains(&STRIP[at].id),
        Target::Send { .. } => false,
        Target::Insert { .. } => true,
    };
    inner.automation = strip.automation.iter().filter(|lane| belongs(lane.target)).cloned().collect();
    inner
}

/// What building the processors of strips needs.
struct Desk<'s> {
    registry: &'s Registry,
    library: &'s dyn Library,
    sample_rate: u32,
    recordings: Recordings<'s>,
}

impl Desk<'_> {
    fn body(&self, draft: &Draft<'_>) -> Result<Body, EngineError> {
        let &Draft { id, ref place, strip, clips, tempo_bpm } = draft;
        let refuse = |message: String| EngineError::new(place, message).at(id);
        let mut name = Namer::new("entry");
        let mut placed = Vec::new();
        let mut entry = Layout::Stereo;
        if let Some(clips) = clips {
            let misplaced = |e: Misplaced| refuse(e.message).at(format!("{id}/clip/{}", e.clip + 1));
            placed = place_clips(clips, self.library, self.sample_rate).map_err(misplaced)?;
            for clip in &placed {
                let content = self.library.content(&clip.audio).map_err(|e| refuse(e.message))?;
                name.clip(clip, &content);
            }
            let stereo = placed.iter().any(|c| c.layout == Layout::Stereo);
            entry = if stereo { Layout::Stereo } else { Layout::Mono };
        }
        name.count(u64::from(self.sample_rate));
        name.count(entry.channels() as u64);
        let mut layout = entry;
        let mut inserts = Vec::new();
        for (index, insert) in strip.inserts.iter().enumerate().filter(|(_, insert)| !insert.bypass) {
            let (spec, whole) = (insert.settings.spec(), insert.channels == Channels::Stereo);
            // A mono signal has no side and no left until it is spread to both channels.
            if spec.stereo_only || !whole {
                layout = Layout::Stereo;
            }
            let built = if whole { layout } else { Layout::Mono };
            let seed = seed(id, &insert.id);
            let stream = Stream { sample_rate: self.sample_rate, layout: built, max_block: MAX_BLOCK, seed };
            let address = format!("{id}/{}", insert.id);
            let refuse = |message| EngineError::new(format!("{place}, insert `{}`", insert.id), message);
            if spec.stereo_only && !whole {
                let message = format!("the effect `{}` makes stereo, so it works on the whole signal only", spec.id);
                return Err(refuse(message).at(format!("{address}/channels")));
            }
            let mut settings = insert.settings.clone();
            settings.follow(tempo_bpm).map_err(|e| refuse(e.to_string()).at(address.clone()))?;
            start(&mut settings, strip, index);
            self.recordings
                .load(&mut settings)
                .map_err(|(key, message)| refuse(message).at(format!("{address}/{key}")))?;
            let files = spec.files.iter().filter_map(|file| settings.file(file.id)).filter(|path| !path.is_empty());
            let contents = files.map(|path| self.library.content(path)).collect::<Result<Vec<_>, _>>();
            let contents = contents.map_err(|e| refuse(e.message).at(address.clone()))?;
            let processor = self.registry.build(&settings, &stream).map_err(|e| refuse(e.0).at(address))?;
            let mut name = Namer::new("insert");
            name.count(seed);
            name.text(insert.channels.word());
            name.count(built.channels() as u64);
            name.settings(&settings, strip, index, &contents);
            inserts.push(BodyInsert {
                name: name.finish(),
                id: insert.id.clone(),
                place: index,
                latency: processor.latency().0,
                tail: processor.tail(),
                // What it says holds for the parameters it was born with.
                memory: if moved(strip, index) { Memory::Endless } else { processor.memory() },
                layout,
                channels: insert.channels,
                replays: whole && spec.key == KeyUse::Detector,
                borrows: whole && spec.key == KeyUse::Detector && processor.lends(),
                settings,
                stream,
                spare: Some(processor),
            });
        }
        Ok(Body {
            entry_name: name.finish(),
            strip: Arc::new(inner(strip)),
            entry,
            clips: placed,
            delay: strip.get("delay_samples") as u64,
            inserts,
        })
    }
}

/// Whether automation moves an insert.
fn moved(strip: &Strip, index: usize) -> bool {
    strip.automation.iter().any(|lane| matches!(lane.target, Target::Insert { insert, .. } if insert == index))
}

/// A processor is born with the values its automation starts from.
fn start(settings: &mut Settings, strip: &Strip, index: usize) {
    for lane in &strip.automation {
        if let Target::Insert { insert, param } = lane.target
            && insert == index
        {
            // The document was checked: a value out of range cannot come here; the written value stands if it did.
            let (spec, written) = settings.at(param);
            let _ = settings.set_at(param, starting(lane, written, spec));
        }
    }
}

/// A seed that belongs to the place in the song, so that adding a track changes no other track's sound (FNV-1a).
fn seed(strip: &str, insert: &str) -> u64 {
    strip
        .bytes()
        .chain([b'/'])
        .chain(insert.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
