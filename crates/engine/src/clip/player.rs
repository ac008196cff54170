//! Plays the clips of one track, opening each file only while it sounds.

use std::sync::Arc;

use tonmeister_core::{Block, Buffer, ParamSpec, SourceError};
use tonmeister_session::keys::CLIP_GAIN_MOVES;
use tonmeister_session::model::{Lane, Target};

use super::tape::Tape;
use super::{Library, PlacedClip, fade};
use crate::automation::Motion;
use crate::mix::add_samples;

/// The clips of one track.
pub(crate) struct ClipPlayer {
    library: Arc<dyn Library>,
    sample_rate: u32,
    clips: Vec<PlacedClip>,
    /// Of each clip, the moves of its gain.
    gains: Vec<Option<Motion>>,
    open: Vec<(usize, Deck)>,
    next: usize,
    /// Where the next call is expected to begin.
    at: u64,
    max_block: usize,
}

/// What a clip that sounds needs: two places in its file, for the passes of a loop that overlap, and room to mix.
struct Deck {
    tapes: [Tape; 2],
    dry: Buffer,
    join: Buffer,
}

/// The gain of a clip in decibels, as automation moves it.
const GAIN: &ParamSpec = &CLIP_GAIN_MOVES;

impl ClipPlayer {
    pub(crate) fn new(library: Arc<dyn Library>, sample_rate: u32, clips: &[PlacedClip], max_block: usize) -> Self {
        let mut clips = clips.to_vec();
        clips.sort_by_key(|c| c.start);
        let mut free_from = 0;
        for i in 0..clips.len() {
            let next = clips.get(i + 1).map_or(u64::MAX, |c| c.start);
            clips[i].alone = clips[i].is_plain() && clips[i].start >= free_from && clips[i].end() <= next;
            free_from = free_from.max(clips[i].end());
        }
        let gains = clips.iter().map(|clip| {
            let lane = || Lane::new(Target::Strip(0), clip.gain_points.clone());
            (!clip.gain_points.is_empty()).then(|| Motion::new(&lane(), GAIN.default, GAIN, sample_rate))
        });
        let gains = gains.collect();
        ClipPlayer { library, sample_rate, clips, gains, open: Vec::new(), next: 0, at: 0, max_block }
    }

    /// Another player of the same clips, at the start, for blocks of at most `max_block` frames.
    pub(crate) fn another(&self, max_block: usize) -> Self {
        ClipPlayer {
            library: Arc::clone(&self.library),
            sample_rate: self.sample_rate,
            clips: self.clips.clone(),
            gains: self.gains.clone(),
            open: Vec::new(),
            next: 0,
            at: 0,
            max_block,
        }
    }

    /// Fills `out` with the frames of the song from `at` on: the same samples, whatever was read before.
    pub(crate) fn read(&mut self, at: u64, out: &mut Block<'_>) -> Result<(), SourceError> {
        if at != self.at {
            self.open.clear();
            self.next = 0;
        }
        let end = at + out.frames() as u64;
        self.at = end;
        let layout = out.layout();
        // A clip that plays alone all through the block fills it by itself; everything else is added to silence.
        let fills = |clip: &PlacedClip| clip.alone && clip.layout == layout;
        while self.next < self.clips.len() && self.clips[self.next].start < end {
            let clip = &self.clips[self.next];
            if !clip.mute && clip.length > 0 && clip.end() > at {
                let room = if fills(clip) { 0 } else { self.max_block };
                let join = if clip.join > 0 { self.max_block } else { 0 };
                let (dry, join) = (Buffer::new(clip.layout, room), Buffer::new(clip.layout, join));
                self.open.push((self.next, Deck { tapes: Default::default(), dry, join }));
            }
            self.next += 1;
        }
        let covers = |clip: &PlacedClip| fills(clip) && clip.start <= at && end <= clip.end();
        if !self.open.iter().any(|(place, _)| covers(&self.clips[*place])) {
            out.silence();
        }
        let library = (&*self.library, self.sample_rate);
        let mut i = 0;
        while i < self.open.len() {
            let (place, deck) = &mut self.open[i];
            let clip = &self.clips[*place];
            let (from, to) = (clip.start.max(at), clip.end().min(end));
            if from < to {
                let mut part = out.part((from - at) as usize, (to - at) as usize);
                if fills(clip) {
                    deck.play(library, clip, from - clip.start, &mut part)?;
                } else {
                    deck.add(library, clip, self.gains[*place].as_ref(), from - clip.start, &mut part)?;
                }
            }
            if clip.end() <= end {
                self.open.remove(i);
            } else {
                i += 1;
            }
        }
        Ok(())
    }
}

impl Deck {
    /// The samples of a clip from a frame on, counted from where it begins to sound; ungained.
    fn play(
        &mut self,
        library: (&dyn Library, u32),
        clip: &PlacedClip,
        at: u64,
        out: &mut Block<'_>,
    ) -> Result<(), SourceError> {
        let frames = out.frames();
        let mut done = 0;
        while done < frames {
            let own = clip.own_from + at + done as u64;
            let (pass, within) = (own / clip.stretch, own % clip.stretch);
            // The last pass has nobody to hand over to.
            let hands_over = clip.join > 0 && (pass + 1) * clip.stretch < clip.own_total;
            let alone = clip.stretch - if hands_over { clip.join } else { 0 };
            let until = if within < alone { alone } else { clip.stretch };
            let count = (frames - done).min((until - within) as usize);
            let mut part = out.part(done, done + count);
            let [one, other] = &mut self.tapes;
            let (own, next) = if pass % 2 == 0 { (one, other) } else { (other, one) };
            own.read(library, clip, within as i64, &mut part)?;
            if within >= alone {
                let mut coming = self.join.block(count);
                next.read(library, clip, within as i64 - clip.stretch as i64, &mut coming)?;
                for (samples, coming) in part.channels_mut().zip(coming.channels()) {
                    for (i, (y, x)) in samples.iter_mut().zip(coming).enumerate() {
                        let done = ((within - alone) as f64 + i as f64 + 0.5) / clip.join as f64;
                        let (out, into) = (fade(clip.join_shape, 1.0 - done), fade(clip.join_shape, done));
                        *y = (f64::from(*y) * out + f64::from(*x) * into) as f32;
                    }
                }
            }
            done += count;
        }
        Ok(())
    }

    /// Adds the samples of a clip, gained and faded.
    fn add(
        &mut self,
        library: (&dyn Library, u32),
        clip: &PlacedClip,
        moves: Option<&Motion>,
        at: u64,
        out: &mut Block<'_>,
    ) -> Result<(), SourceError> {
        let frames = out.frames();
        let mut dry = std::mem::take(&mut self.dry);
        let mut read = dry.block(frames);
        let played = self.play(library, clip, at, &mut read);
        let own = (clip.own_from + at) as i64;
        let rests = moves.map_or(Some(1.0), |motion| motion.still(own, own + frames as i64));
        for channel in 0..out.layout().channels() {
            // A mono clip on a stereo track sounds on both sides.
            let from = read.channel(channel.min(clip.layout.channels() - 1));
            let sum = out.channel_mut(channel);
            match rests.filter(|_| !clip.fades_within(at, at + frames as u64)) {
                Some(gain) => add_samples(from, clip.gain * gain, sum),
                None => {
                    for (i, (y, x)) in sum.iter_mut().zip(from).enumerate() {
                        let moved = rests.unwrap_or_else(|| moves.map_or(1.0, |motion| motion.heard(own + i as i64)));
                        *y += (clip.gain_at(at + i as u64) * moved * f64::from(*x)) as f32;
                    }
                }
            }
        }
        self.dry = dry;
        played
    }
}

impl std::fmt::Debug for Deck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deck").finish_non_exhaustive()
    }
}
