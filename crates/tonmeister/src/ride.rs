//! The verb *ride*: what a `rider` does becomes automation that a hand can go on with.
//!
//! The signal that the rider hears is rendered on its own, the rider's moves are drawn as points (straight lines in
//! decibels, thinned to a stated error), and the document gets them as a lane: of the fader where the rider is the last
//! insert, of the trim where it is the first. The rider itself stays, bypassed.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::{Buffer, Effect, Layout, ParamKind, Stream};
use tonmeister_dsp::rider::{self, Rider};
use tonmeister_session::model::{
    Bus, Curve, Destination, KeySource, KeyTap, Master, Point, SideChain, Song, Strip, Target,
};
use tonmeister_session::tables::{STRIP, place};
use tonmeister_session::{Edit, Plain};

use crate::failure::{Failure, Finding};
use crate::mix::Trouble;
use crate::progress::Progress;
use crate::world::{Files, World};

/// A track longer than this is not ridden: it is held in memory as a whole.
const LONGEST_S: u64 = 3600;

/// What to ride, and how closely.
#[derive(Clone, Debug, PartialEq)]
pub struct RideOptions {
    /// The rider: `vocal/rider`, or `vocal` where the strip has only one.
    pub rider: String,
    /// How far the drawn fader may be from the rider's, in dB.
    pub error_db: f64,
}

/// What riding came to.
#[derive(Clone, Debug, Serialize)]
pub struct RideReport {
    /// The document that was changed.
    pub song: PathBuf,
    /// The rider, now bypassed: `vocal/rider`.
    pub rider: String,
    /// What moves now: `vocal/fader_db`.
    pub lane: String,
    /// How many points draw it.
    pub points: usize,
    /// The lowest and the highest value, in dB.
    pub range_db: [f64; 2],
    /// What was odd about the document and its files.
    pub warnings: Vec<Finding>,
}

/// Where a strip is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    /// Behind its inserts.
    Inserts,
    /// Behind its fader; past its mute, or not.
    Fader { muted: bool },
}

/// A strip of a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Track(usize),
    Bus(usize),
}

impl World {
    /// Writes a rider's moves into the document as automation. The document changes as a whole or not at all.
    pub fn ride(&self, path: &Path, options: &RideOptions, progress: &mut dyn Progress) -> Result<RideReport, Failure> {
        let (mut document, mut warnings) = self.open_document(path)?;
        let song = document.song();
        let found = find(song, &options.rider)?;
        let strip = found.place.strip(song);
        let (target, base) = lane(strip, &found)?;
        let insert = &strip.inserts[found.insert];
        let settings = Rider::from_settings(&insert.settings);
        let files = Files::new(path.parent().unwrap_or(Path::new("")));
        let mut listen = |song: &Song, place: Place, tap: Hearing| {
            let heard = self.listen(song, place, tap, &files, progress);
            heard.map_err(|trouble| trouble.in_document(path, &document))
        };

        let mut before = song.clone();
        cut(found.place.strip_mut(&mut before), found.insert);
        let (sound, rate) = listen(&before, found.place, Hearing::Inserts)?;
        let key = insert.key.map(|SideChain { from, tap, muted }| {
            let place = match from {
                KeySource::Track(track) => Place::Track(track),
                KeySource::Bus(bus) => Place::Bus(bus),
            };
            let mut song = song.clone();
            if tap == KeyTap::PreInserts {
                cut(place.strip_mut(&mut song), 0);
            }
            listen(&song, place, if tap == KeyTap::Post { Hearing::Fader { muted } } else { Hearing::Inserts })
        });
        let key = key.transpose()?.map(|(key, _)| key);
        let stream = Stream { sample_rate: rate, layout: sound.layout(), max_block: self.block, seed: 0 };
        let key = key.as_ref().map(|key| key.view(key.frames()));
        let moves = rider::moves(&settings, &stream, sound.view(sound.frames()), key, options.error_db);
        if moves.is_empty() {
            return Err(Failure::Usage(format!("{} plays nothing; there is nothing to ride", found.strip)));
        }

        let ParamKind::Number { min, max, .. } = STRIP[place(STRIP, target)].kind else {
            unreachable!("fader and trim are numbers");
        };
        let points: Vec<Point> = moves
            .iter()
            .map(|(frame, gain_db)| {
                // To a hundredth of a decibel, as it is read.
                let value = ((base + gain_db).clamp(min, max) * 100.0).round() / 100.0;
                Point::new(*frame as f64 / f64::from(rate), value, Curve::DbLinear)
            })
            .collect();
        let values = points.iter().map(|point| point.value);
        let range_db = [values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max)];
        let (address, count) = (format!("{}/{}", found.strip, found.id), points.len());
        let edit = Edit::Together(vec![
            Edit::SetAutomation { strip: found.strip.clone(), target: target.into(), points },
            Edit::SetPlain { address: format!("{address}/bypass"), value: Plain::Switch(true) },
        ]);
        World::change(path, &mut document, &edit)?;
        warnings.extend(files.warnings());
        Ok(RideReport {
            song: path.into(),
            rider: address,
            lane: format!("{}/{target}", found.strip),
            points: count,
            range_db,
            warnings,
        })
    }

    /// What a strip plays behind its inserts, before its fader; mono where it is mono. Or behind its fader.
    fn listen(
        &self,
        song: &Song,
        place: Place,
        hearing: Hearing,
        files: &std::sync::Arc<Files>,
        progress: &mut dyn Progress,
    ) -> Result<(Buffer, u32), Trouble> {
        let (mut alone, name) = isolated(song, place, hearing);
        let mut rendering = self.prepare(&alone, files)?;
        let node = rendering.compiled.plan.nodes.iter().find(|node| node.strip == name);
        let layout = node.filter(|_| hearing == Hearing::Inserts).map_or(Layout::Stereo, |node| node.layout);
        if layout == Layout::Mono {
            // A mono strip comes out whole at the left end, under every pan law; a stereo strip in the middle.
            place.strip_mut(&mut alone).set("pan", -1.0);
            rendering = self.prepare(&alone, files)?;
        }
        let plan = std::sync::Arc::clone(&rendering.compiled.plan);
        let seconds = plan.outputs[0].frames / u64::from(plan.sample_rate);
        if seconds > LONGEST_S {
            let message = format!("{name} lasts {} minutes; at most an hour can be ridden at once", seconds / 60);
            return Err(Trouble::Failure(Failure::Usage(message)));
        }
        let mut whole = Buffer::new(Layout::Stereo, 0);
        rendering.run("Listening", progress, |view| {
            self.go_on()?;
            whole.append(view);
            Ok(())
        })?;
        let left = whole.channel(0).to_vec();
        let sound = if layout == Layout::Mono { Buffer::from_mono(left) } else { whole };
        Ok((sound, plan.sample_rate))
    }
}

/// Where a rider stands.
struct Found {
    strip: String,
    place: Place,
    insert: usize,
    id: String,
}

fn find(song: &Song, asked: &str) -> Result<Found, Failure> {
    let (strip, insert) = asked.split_once('/').map_or((asked, None), |(strip, insert)| (strip, Some(insert)));
    let track = song.tracks.iter().position(|track| track.id == strip).map(Place::Track);
    let bus = song.buses.iter().position(|bus| bus.id == strip).map(Place::Bus);
    let Some(place) = track.or(bus) else {
        let ids = song.tracks.iter().map(|t| t.id.as_str()).chain(song.buses.iter().map(|b| b.id.as_str()));
        let near = tonmeister_core::diagnostic::nearest(strip, ids);
        let help = near.map_or("name a track or a bus".into(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::Usage(format!("there is no track or bus `{strip}`; {help}")));
    };
    let riders = place.strip(song).inserts.iter().enumerate();
    let riders: Vec<(usize, &str)> = riders
        .filter(|(_, i)| i.settings.spec().id == Rider::SPEC.id && insert.is_none_or(|id| i.id == id))
        .map(|(at, insert)| (at, insert.id.as_str()))
        .collect();
    match riders[..] {
        [(at, id)] => Ok(Found { strip: strip.into(), place, insert: at, id: id.into() }),
        [] => Err(Failure::Usage(format!("`{asked}` has no insert with `effect = \"rider\"`; add one and ride again"))),
        _ => Err(Failure::Usage(format!("`{strip}` has several riders; name one, as in `{strip}/{}`", riders[0].1))),
    }
}

/// What the moves are written to, and the value that they are added to.
fn lane(strip: &Strip, found: &Found) -> Result<(&'static str, f64), Failure> {
    let insert = &strip.inserts[found.insert];
    if insert.bypass {
        return Err(Failure::Usage(format!("{}/{} is bypassed: it moves nothing", found.strip, found.id)));
    }
    let riding = |lane: &&tonmeister_session::model::Lane| matches!(lane.target, Target::Insert { insert, .. } if insert == found.insert);
    if strip.automation.iter().any(|lane| riding(&lane)) {
        let message = format!("{}/{} is automated itself; take that out before riding", found.strip, found.id);
        return Err(Failure::Usage(message));
    }
    let heard = |i: &tonmeister_session::model::Insert| !i.bypass;
    let target = if !strip.inserts[found.insert + 1..].iter().any(heard) {
        "fader_db"
    } else if !strip.inserts[..found.insert].iter().any(heard) {
        "trim_db"
    } else {
        return Err(Failure::Usage(format!(
            "{}/{} stands between other inserts, where no fader is; move it to the end (its moves become the fader's) \
             or to the beginning (the trim's)",
            found.strip, found.id
        )));
    };
    if strip.automation.iter().any(|lane| lane.target == Target::Strip(place(STRIP, target))) {
        let message = format!("`{target}` of {} is automated already; take that lane out before riding", found.strip);
        return Err(Failure::Usage(message));
    }
    Ok((target, strip.get(target)))
}

/// The song with that strip alone on a bare master: its fader open, without its sends. Everything else still plays,
/// for side-chains and buses, into a muted bus.
fn isolated(song: &Song, at: Place, hearing: Hearing) -> (Song, String) {
    let mut alone = song.clone();
    let mut nowhere = Strip::new(Some(Destination::Master));
    nowhere.set("mute", 1.0);
    let away = Destination::Bus(alone.buses.len());
    alone.buses.push(Bus { id: "nowhere".into(), strip: nowhere });
    alone.master = Master { strip: Strip::new(None) };
    let all =
        alone.tracks.iter_mut().map(|t| &mut t.strip).chain(alone.buses.iter_mut().rev().skip(1).map(|b| &mut b.strip));
    for strip in all {
        if strip.output == Some(Destination::Master) {
            strip.output = Some(away.clone());
        }
    }
    let strip = at.strip_mut(&mut alone);
    strip.output = Some(Destination::Master);
    strip.sends.clear();
    strip.automation.retain(|lane| !matches!(lane.target, Target::Send { .. }));
    if let Hearing::Fader { muted } = hearing {
        // As a post-fader send hears it.
        let reached = strip.is("mute_post") && !muted;
        strip.set("mute_main", f64::from(u8::from(reached)));
        return (alone, at.name(song));
    }
    strip.automation.retain(|lane| match lane.target {
        Target::Strip(entry) => entry == place(STRIP, "trim_db") || entry == place(STRIP, "polarity"),
        Target::Send { .. } | Target::Insert { .. } => true,
    });
    for (entry, value) in [("fader_db", 0.0), ("mute", 0.0), ("pan", 0.0), ("pan_mode", 0.0), ("width", 1.0)] {
        strip.set(entry, value);
    }
    (alone, at.name(song))
}

impl Place {
    fn strip(self, song: &Song) -> &Strip {
        match self {
            Place::Track(at) => &song.tracks[at].strip,
            Place::Bus(at) => &song.buses[at].strip,
        }
    }

    fn strip_mut(self, song: &mut Song) -> &mut Strip {
        match self {
            Place::Track(at) => &mut song.tracks[at].strip,
            Place::Bus(at) => &mut song.buses[at].strip,
        }
    }

    fn name(self, song: &Song) -> String {
        match self {
            Place::Track(at) => song.tracks[at].id.clone(),
            Place::Bus(at) => song.buses[at].id.clone(),
        }
    }
}

/// The strip without that insert and those behind it.
fn cut(strip: &mut Strip, from: usize) {
    strip.inserts.truncate(from);
    strip.automation.retain(|lane| !matches!(lane.target, Target::Insert { insert, .. } if insert >= from));
}
