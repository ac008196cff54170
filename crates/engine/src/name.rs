//! Names by content: what a node will make is named by the hash of everything that goes into it.
//!
//! Two nodes of one name make the same bits, so that versions of a song share what they have in common, and a render
//! that was kept can stand for one that would be made again. A name covers what enters the sum (clips or the names of
//! the sources, with their gains and delays), the strip's entry, and every insert with its settings, its automation and
//! its seed; what happens behind the inserts (fader, pan, sends) belongs to the edges, and so to those who listen.

use std::fmt;

use tonmeister_core::{ParamIndex, Settings};
use tonmeister_session::model::{Curve, Follow, Follower, Lane, Lfo, PanLaw, Point, Rate, Send, Strip, Target};
use tonmeister_session::tables::{STRIP, place};

use crate::clip::PlacedClip;
use crate::follow::Hearing;
use crate::plan::Path;

/// The name of what a node makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name([u8; 32]);

impl Name {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The entries of a strip that work before its inserts.
pub(crate) const ENTRY: [&str; 3] = ["trim_db", "polarity", "delay_samples"];

/// A name in the making. Texts carry their lengths and numbers their bits, so nothing runs into its neighbor.
#[derive(Clone, Default)]
pub(crate) struct Namer(blake3::Hasher);

impl Namer {
    pub(crate) fn new(what: &str) -> Self {
        let mut namer = Namer::default();
        namer.text(what);
        namer
    }

    pub(crate) fn finish(&self) -> Name {
        Name(*self.0.finalize().as_bytes())
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    pub(crate) fn count(&mut self, count: u64) {
        self.0.update(&count.to_le_bytes());
    }

    pub(crate) fn number(&mut self, number: f64) {
        self.count(number.to_bits());
    }

    pub(crate) fn name(&mut self, name: &Name) {
        self.0.update(&name.0);
    }

    /// A clip, with the content of its file.
    pub(crate) fn clip(&mut self, clip: &PlacedClip, content: &str) {
        self.text(content);
        clip.feed(self);
    }

    /// What works before the inserts, with its moves.
    pub(crate) fn entry(&mut self, strip: &Strip) {
        for id in ENTRY {
            let at = place(STRIP, id);
            self.number(strip.values[at]);
            self.lane(strip, Target::Strip(at));
        }
    }

    /// An effect's settings and their moves. `contents` are of its files, in order.
    pub(crate) fn settings(&mut self, settings: &Settings, strip: &Strip, insert: usize, contents: &[String]) {
        self.text(settings.spec().id);
        self.count(settings.count() as u64);
        for param in (0..settings.count() as u32).map(ParamIndex) {
            self.text(&settings.address(param));
            self.number(settings.at(param).1);
            self.lane(strip, Target::Insert { insert, param });
        }
        for content in contents {
            self.text(content);
        }
    }

    /// Everything between a strip's inserts and whoever listens to it by that path.
    pub(crate) fn way_out(&mut self, strip: &Strip, path: Path, law: PanLaw) {
        self.number(law.db());
        for (at, spec) in STRIP.iter().enumerate().filter(|(_, spec)| !ENTRY.contains(&spec.id)) {
            self.text(spec.id);
            self.number(strip.values[at]);
            self.lane(strip, Target::Strip(at));
        }
        self.count(strip.followed.len() as u64);
        for Follow { db, lane, ways, mutes } in &strip.followed {
            self.number(*db);
            self.moves(lane.as_ref());
            for way in [ways.main, ways.post, ways.pre, *mutes] {
                self.count(u64::from(way));
            }
        }
        match path {
            Path::Output => self.count(0),
            Path::Through => self.count(1),
            Path::Key { muted } => self.count(4 + u64::from(muted)),
            Path::Send(send, tap) => {
                let Send { to: _, tap: _, values } = &strip.sends[send];
                self.count(2 + tap as u64);
                for (param, value) in values.iter().enumerate() {
                    self.number(*value);
                    self.lane(strip, Target::Send { send, param });
                }
            }
        }
    }

    fn lane(&mut self, strip: &Strip, target: Target) {
        self.moves(strip.lane(target));
    }

    fn moves(&mut self, lane: Option<&Lane>) {
        let Some(Lane { target: _, points, lfos, follow }) = lane else { return self.count(0) };
        self.count(1 + lfos.len() as u64);
        self.points(points);
        for lfo in lfos {
            self.lfo(lfo);
        }
        // What is followed is a node, and named by whoever listens to it.
        if let Some(Follower { at_floor, at_ceiling, depth, .. }) = follow {
            self.text("follow");
            for number in [at_floor, at_ceiling, depth] {
                self.number(*number);
            }
        }
    }

    /// How a level is heard.
    pub(crate) fn hearing(&mut self, hearing: &Hearing) {
        let Hearing { detector, attack_ms, release_ms, floor_db, ceiling_db } = hearing;
        self.text(detector.word());
        for number in [attack_ms, release_ms, floor_db, ceiling_db] {
            self.number(*number);
        }
    }

    pub(crate) fn points(&mut self, points: &[Point]) {
        self.count(points.len() as u64);
        for Point { time_s, written: _, value, curve } in points {
            self.number(*time_s);
            self.number(*value);
            match curve {
                Curve::Bend(bend) => {
                    self.text("bend");
                    self.number(*bend);
                }
                Curve::Bezier(handles) => {
                    self.text("bezier");
                    for handle in handles {
                        self.number(*handle);
                    }
                }
                word => self.text(word.word().unwrap_or_default()),
            }
        }
    }

    fn lfo(&mut self, lfo: &Lfo) {
        let Lfo { shape, rate, depth, phase, seed, from_s, from_written: _, to_s, to_written: _ } = lfo;
        self.text(shape.word());
        self.count(u64::from(*seed));
        for number in [*depth, *phase, *from_s, to_s.unwrap_or(f64::INFINITY)] {
            self.number(number);
        }
        match rate {
            Rate::Hz(hz) => {
                self.text("hz");
                self.number(*hz);
            }
            Rate::Note { note, tempo } => {
                self.text(&note.to_string());
                let figures: Vec<f64> = tempo.figures().collect();
                self.count(figures.len() as u64);
                for figure in figures {
                    self.number(figure);
                }
            }
        }
    }
}
